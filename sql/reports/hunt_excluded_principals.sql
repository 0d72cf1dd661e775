-- The excluded principals that reach the threshold, with the first time of their highest count.
-- $since      TIMESTAMP  inclusive
-- $threshold  BIGINT
WITH peaks AS (
  SELECT group_id, max(distinct_secrets) AS peak_distinct, arg_max(event_time, (distinct_secrets, -epoch_us(event_time))) AS peaked_at
  FROM counts
  WHERE event_time >= $since
  GROUP BY group_id
)

SELECT username_group, peak_distinct, peaked_at, impersonated
FROM peaks
JOIN groups USING (group_id)
WHERE exclusion IS NOT NULL AND peak_distinct >= $threshold
ORDER BY peak_distinct DESC, username_group NULLS LAST;
