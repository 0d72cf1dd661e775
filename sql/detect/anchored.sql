-- The counts of detect.sql for windows that a read opens: [first, first + $window], closed. The
-- next opens at the first counted read after it closes.
-- $window  BIGINT, µs
-- reads    group_id, event_time, key_id; null keys count for nothing, and the key 0 opens a window
--          but counts for nothing. They must begin with the group's first counted read ever:
--          every later window hangs on it
-- Each instant is given the one that would open the next window if it opened one, so that a pass
-- of the recursion looks up one row per group. There are as many passes as one group has windows.
WITH RECURSIVE instants AS MATERIALIZED (
  SELECT
    group_id, instant,
    min(instant) OVER (
      PARTITION BY group_id
      ORDER BY instant
      RANGE BETWEEN $window + 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS next_opened
  FROM (SELECT DISTINCT group_id, epoch_us(event_time) AS instant FROM reads WHERE key_id IS NOT NULL)
),

windows AS (
  SELECT group_id, min(instant) AS opened
  FROM instants
  GROUP BY group_id
  UNION ALL
  SELECT instants.group_id, instants.next_opened
  FROM windows
  JOIN instants ON instants.group_id = windows.group_id AND instants.instant = windows.opened
  WHERE instants.next_opened IS NOT NULL
),

placed AS (
  SELECT reads.group_id, reads.event_time, reads.key_id, windows.opened
  FROM reads
  ASOF JOIN windows ON windows.group_id = reads.group_id AND epoch_us(reads.event_time) >= windows.opened
  WHERE reads.key_id IS NOT NULL
)

SELECT DISTINCT group_id, event_time, distinct_secrets
FROM (
  SELECT
    group_id, event_time, key_id,
    count(DISTINCT nullif(key_id, 0)) OVER (PARTITION BY group_id, opened ORDER BY event_time) AS distinct_secrets
  FROM placed
)
WHERE key_id <> 0;
