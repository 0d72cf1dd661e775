-- reads: the requests of a hunt that read secrets, those of excluded principals too. A null key_id
-- counts for nothing.
SELECT groups.group_id, matches.event_time, keys.key_id
FROM matches('requests', $log_types, $from, $until, NULL::VARCHAR[], $by, $secret_key, $include_system) AS matches
LEFT JOIN keys ON keys.secret_key = matches.secret_key
JOIN groups
  ON groups.exclusion IS NOT DISTINCT FROM matches.exclusion
  AND groups.username_group IS NOT DISTINCT FROM matches.username_group
  AND groups.effective_user_group IS NOT DISTINCT FROM matches.effective_user_group
  AND groups.session_group IS NOT DISTINCT FROM matches.session_group
  AND groups.cluster_group IS NOT DISTINCT FROM matches.cluster_group
  AND groups.source_ip_group IS NOT DISTINCT FROM matches.source_ip_group
  AND groups.user_agent_group IS NOT DISTINCT FROM matches.user_agent_group;
