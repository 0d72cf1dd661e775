-- peaks: each group's highest count in any window, when it was first reached, and its usual one:
-- the median, over the UTC days on which it counted anything, of the day's highest. Of two middle
-- days it is the lower.
-- $since  TIMESTAMP, inclusive
-- counts  group_id, event_time, distinct_secrets
WITH days AS (
  SELECT
    group_id, event_time::DATE AS day,
    max(distinct_secrets) AS peak_distinct,
    arg_max(event_time, (distinct_secrets, -epoch_us(event_time))) AS peaked_at
  FROM counts
  WHERE event_time >= $since
  GROUP BY ALL
)

SELECT
  group_id,
  max(peak_distinct) AS peak_distinct,
  arg_max(peaked_at, (peak_distinct, -epoch_us(peaked_at))) AS peaked_at,
  quantile_disc(peak_distinct, 0.5) AS usual_distinct,
  count(*) AS active_days
FROM days
GROUP BY group_id;
