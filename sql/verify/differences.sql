-- Where two ways of counting differ, in the order of answers; differences is the number of all.
-- Not only breaches are compared: a count below the threshold must be right as well.
-- $most  BIGINT  rows to return
SELECT
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  event_time, kept.distinct_secrets AS detected, counts.distinct_secrets AS recomputed,
  count(*) OVER () AS differences
FROM kept
FULL JOIN counts USING (group_id, event_time)
JOIN groups USING (group_id)
WHERE kept.distinct_secrets IS DISTINCT FROM counts.distinct_secrets
ORDER BY
  event_time, username_group NULLS LAST, effective_user_group NULLS LAST, session_group NULLS LAST,
  cluster_group NULLS LAST, source_ip_group NULLS LAST, user_agent_group NULLS LAST, exclusion NULLS FIRST
LIMIT $most;
