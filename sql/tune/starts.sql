-- starts: where the alerts begin that each threshold would give; one row per threshold and alert.
-- $lowest, $highest  BIGINT     the thresholds
-- $dedup             BIGINT, µs
-- $since             TIMESTAMP, inclusive
-- counts             group_id, event_time, distinct_secrets
-- Breaches of a group at most $dedup apart are one alert. So an instant begins one at the thresholds
-- that it reaches and that no instant within $dedup before it reached: one pass for all of them.
WITH reaching AS (
  SELECT
    group_id, event_time, distinct_secrets,
    max(distinct_secrets) OVER (
      PARTITION BY group_id
      ORDER BY event_time
      RANGE BETWEEN to_microseconds($dedup) PRECEDING AND CURRENT ROW
      EXCLUDE CURRENT ROW
    ) AS before
  FROM counts
  JOIN groups USING (group_id)
  WHERE exclusion IS NULL AND event_time >= $since AND distinct_secrets >= $lowest
)

SELECT
  group_id, event_time AS crossed_at,
  unnest(range(greatest(coalesce(before + 1, 0), $lowest), least(distinct_secrets, $highest) + 1)) AS threshold
FROM reaching
WHERE before IS NULL OR before < distinct_secrets;
