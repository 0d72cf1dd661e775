-- How the count of one group grew: for each read of the group the distinct secrets in its window,
-- thinned to at most two points for each of $points slices of time: a slice's highest count and
-- its last read. Every maximum is kept, and so is the height at which the next slice begins.
-- The counts are those of the hunt: this file computes no window.
-- $group_id     INTEGER    the alert's group in groups
-- $from, $to    TIMESTAMP  the alert's first evidence and its last breach, both inclusive
-- $points       BIGINT     slices, at least 1
-- counts        group_id, event_time, distinct_secrets: what the rule's detect.sql gives
WITH sliced AS (
  SELECT
    event_time, distinct_secrets,
    (epoch_us(event_time) - epoch_us(CAST($from AS TIMESTAMP))) * $points
      // (epoch_us(CAST($to AS TIMESTAMP)) - epoch_us(CAST($from AS TIMESTAMP)) + 1) AS slice
  FROM counts
  WHERE group_id = $group_id
    AND event_time BETWEEN CAST($from AS TIMESTAMP) AND CAST($to AS TIMESTAMP)
),

ranked AS (
  SELECT
    event_time, distinct_secrets,
    row_number() OVER (PARTITION BY slice ORDER BY distinct_secrets DESC, event_time) AS by_height,
    row_number() OVER (PARTITION BY slice ORDER BY event_time DESC) AS from_end
  FROM sliced
)

SELECT epoch_us(event_time) AS event_time, distinct_secrets
FROM ranked
WHERE by_height = 1 OR from_end = 1
ORDER BY event_time;
