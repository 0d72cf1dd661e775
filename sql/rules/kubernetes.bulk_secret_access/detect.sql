-- How many distinct secrets the window of each read holds, by windowed COUNT(DISTINCT).
-- One user's history can be long: the window is partitioned by group and time bucket, and each
-- bucket is led in by the reads of one window before it, which count but do not report. That is
-- exact, bounds memory by a bucket, and spreads one user over all cores.
-- $window  BIGINT, µs: two reads exactly this far apart are in one window
-- $bucket  BIGINT, µs: a read leads in every later bucket that its window reaches, so any width
--          is exact; one of at least $window leads in one at most
-- reads    group_id, event_time, key_id; null keys count for nothing
WITH placed AS (
  SELECT group_id, event_time, key_id, epoch_us(event_time) // $bucket AS bucket, true AS reports
  FROM reads
  WHERE key_id IS NOT NULL
  UNION ALL
  SELECT
    group_id, event_time, key_id,
    unnest(range(epoch_us(event_time) // $bucket + 1, (epoch_us(event_time) + $window) // $bucket + 1)), false
  FROM reads
  WHERE key_id IS NOT NULL AND (epoch_us(event_time) + $window) // $bucket > epoch_us(event_time) // $bucket
),

counted AS (
  SELECT
    group_id, event_time, reports,
    count(DISTINCT key_id) OVER (
      PARTITION BY group_id, bucket
      ORDER BY event_time
      RANGE BETWEEN to_microseconds($window) PRECEDING AND CURRENT ROW
    ) AS distinct_secrets
  FROM placed
)

SELECT DISTINCT group_id, event_time, distinct_secrets
FROM counted
WHERE reports;
