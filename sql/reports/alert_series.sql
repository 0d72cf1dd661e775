-- How the count of one alert's group grew: for each read the distinct secrets in its window,
-- thinned to at most two points for each of $points slices of time: a slice's highest count and
-- its last read. Every maximum is kept, and so is the height at which the next slice begins.
-- The counts are those of the hunt: this file computes no window.
-- $span_id      BIGINT  the alert in spans
-- $points       BIGINT  slices, at least 1
-- counts        group_id, event_time, distinct_secrets: what the rule's detect.sql gives
-- spans         the hunt's alerts, see detect/spans.sql
WITH sliced AS (
  SELECT
    counts.event_time, counts.distinct_secrets,
    (epoch_us(counts.event_time) - epoch_us(spans.evidence_from)) * $points
      // (epoch_us(spans.last_breach) - epoch_us(spans.evidence_from) + 1) AS slice
  FROM spans
  JOIN counts
    ON counts.group_id = spans.group_id
    AND counts.event_time BETWEEN spans.evidence_from AND spans.last_breach
  WHERE spans.span_id = $span_id
),

ranked AS (
  SELECT
    event_time, distinct_secrets,
    row_number() OVER (PARTITION BY slice ORDER BY distinct_secrets DESC, event_time) AS by_height,
    row_number() OVER (PARTITION BY slice ORDER BY event_time DESC) AS from_end
  FROM sliced
)

SELECT event_time, distinct_secrets
FROM ranked
WHERE by_height = 1 OR from_end = 1
ORDER BY event_time;
