-- reads: the requests of a hunt that read secrets, those of excluded principals too. A null key_id
-- counts for nothing.
-- found, keys, groups  see the files of these names
SELECT groups.group_id, found.event_time, keys.key_id
FROM found
LEFT JOIN keys ON keys.secret_key = found.secret_key
JOIN groups
  ON groups.exclusion IS NOT DISTINCT FROM found.exclusion
  AND groups.username_group IS NOT DISTINCT FROM found.username_group
  AND groups.effective_user_group IS NOT DISTINCT FROM found.effective_user_group
  AND groups.session_group IS NOT DISTINCT FROM found.session_group
  AND groups.cluster_group IS NOT DISTINCT FROM found.cluster_group
  AND groups.source_ip_group IS NOT DISTINCT FROM found.source_ip_group
  AND groups.user_agent_group IS NOT DISTINCT FROM found.user_agent_group;
