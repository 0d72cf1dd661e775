-- The counts of detect/tumbling.sql by another method: a secret counts from its first read in a
-- window on.
-- $window  BIGINT, µs
-- reads    group_id, event_time, key_id; null keys count for nothing
WITH placed AS (
  SELECT
    group_id, key_id, epoch_us(event_time) AS instant,
    time_bucket(to_microseconds($window), event_time, TIMESTAMP '1970-01-01') AS opened
  FROM reads
  WHERE key_id IS NOT NULL
),

steps AS (
  SELECT group_id, opened, instant, sum(first_read) AS secrets
  FROM (
    SELECT
      group_id, opened, instant,
      CASE WHEN row_number() OVER (PARTITION BY group_id, opened, key_id ORDER BY instant) = 1 THEN 1 ELSE 0 END
        AS first_read
    FROM placed
  )
  GROUP BY group_id, opened, instant
)

SELECT
  group_id, make_timestamp(instant) AS event_time,
  CAST(sum(secrets) OVER (PARTITION BY group_id, opened ORDER BY instant) AS BIGINT) AS distinct_secrets
FROM steps;
