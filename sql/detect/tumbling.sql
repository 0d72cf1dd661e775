-- The counts of detect.sql for half-open windows of $window that lie end to end from
-- 1970-01-01T00:00Z: the distinct secrets from the window's beginning to each read.
-- $window  BIGINT, µs
-- reads    group_id, event_time, key_id; null keys count for nothing
-- The remainder is taken twice because that of a time before 1970 is negative.
WITH placed AS (
  SELECT
    group_id, event_time, key_id,
    epoch_us(event_time) - (epoch_us(event_time) % $window + $window) % $window AS opened
  FROM reads
  WHERE key_id IS NOT NULL
)

SELECT DISTINCT
  group_id, event_time,
  count(DISTINCT key_id) OVER (PARTITION BY group_id, opened ORDER BY event_time) AS distinct_secrets
FROM placed;
