-- The group with the highest count that stays below the threshold: at most one row.
-- $since      TIMESTAMP  inclusive
-- $threshold  BIGINT
WITH peaks AS (
  SELECT group_id, max(distinct_secrets) AS peak_distinct, arg_max(event_time, (distinct_secrets, -epoch_us(event_time))) AS peaked_at
  FROM counts
  WHERE event_time >= $since
  GROUP BY group_id
)

SELECT
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  peak_distinct, peaked_at, impersonated
FROM peaks
JOIN groups USING (group_id)
WHERE exclusion IS NULL AND peak_distinct < $threshold
ORDER BY
  peak_distinct DESC, username_group NULLS LAST, effective_user_group NULLS LAST, session_group NULLS LAST,
  cluster_group NULLS LAST, source_ip_group NULLS LAST, user_agent_group NULLS LAST
LIMIT 1;
