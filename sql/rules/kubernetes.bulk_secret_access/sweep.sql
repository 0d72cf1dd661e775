-- The counts of detect.sql by an independent method, in plain ANSI SQL that Spark runs too: a
-- secret enters the count where a read does not find it there, and leaves one microsecond after
-- the window of its last read. The default RANGE frame makes reads at one instant peers.
-- $window  BIGINT, µs
-- reads    group_id, event_time, key_id; null keys count for nothing
WITH instants AS (
  SELECT DISTINCT group_id, key_id, epoch_us(event_time) AS instant
  FROM reads
  WHERE key_id IS NOT NULL
),

neighbours AS (
  SELECT
    group_id, instant,
    lag(instant) OVER (PARTITION BY group_id, key_id ORDER BY instant) AS previous,
    lead(instant) OVER (PARTITION BY group_id, key_id ORDER BY instant) AS following
  FROM instants
),

changes AS (
  SELECT group_id, instant, 1 AS change, 0 AS reads
  FROM neighbours
  WHERE previous IS NULL OR instant - previous > $window
  UNION ALL
  SELECT group_id, instant + $window + 1, -1, 0
  FROM neighbours
  WHERE following IS NULL OR following - instant > $window
  UNION ALL
  SELECT group_id, instant, 0, 1
  FROM neighbours
),

steps AS (
  SELECT group_id, instant, sum(change) AS change, sum(reads) AS reads
  FROM changes
  GROUP BY group_id, instant
),

swept AS (
  SELECT group_id, instant, reads, sum(change) OVER (PARTITION BY group_id ORDER BY instant) AS distinct_secrets
  FROM steps
)

SELECT group_id, make_timestamp(instant) AS event_time, CAST(distinct_secrets AS BIGINT) AS distinct_secrets
FROM swept
WHERE reads > 0;
