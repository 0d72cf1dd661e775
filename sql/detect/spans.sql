-- spans: the alerts of a hunt as spans of time. Breaches of a group at most $dedup apart are one.
-- A breach before $since counts for none, and marks the one that follows it as continuing.
-- $threshold  BIGINT     distinct secrets that make a breach
-- $dedup      BIGINT, µs
-- $window     BIGINT, µs
-- $since      TIMESTAMP, inclusive
-- counts      group_id, event_time, distinct_secrets; a read at or after --until is not in it
WITH breaches AS (
  SELECT
    group_id, event_time, distinct_secrets,
    lag(event_time) OVER (PARTITION BY group_id ORDER BY event_time) AS previous
  FROM counts
  JOIN groups USING (group_id)
  WHERE exclusion IS NULL AND distinct_secrets >= $threshold
),

linked AS (
  SELECT
    group_id, event_time, distinct_secrets, previous,
    previous IS NOT NULL AND epoch_us(event_time) - epoch_us(previous) <= $dedup AS follows
  FROM breaches
  WHERE event_time >= $since
),

numbered AS (
  SELECT
    group_id, event_time, distinct_secrets,
    follows AND previous < $since AS continuing,
    -- count(*) FILTER in its place takes time by the square of the breaches (DuckDB 2.0: 13 s for 200,000).
    sum(CASE WHEN follows AND previous >= $since THEN 0 ELSE 1 END) OVER (
      PARTITION BY group_id ORDER BY event_time ROWS UNBOUNDED PRECEDING
    ) AS alert
  FROM linked
)

SELECT
  row_number() OVER (ORDER BY min(event_time), group_id) AS span_id,
  group_id,
  min(event_time) AS crossed_at,
  max(event_time) AS last_breach,
  min(event_time) - to_microseconds($window) AS evidence_from,
  max(distinct_secrets) AS peak_distinct,
  bool_or(continuing) AS continuing
FROM numbered
GROUP BY group_id, alert;
