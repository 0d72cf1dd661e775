-- reads: the requests of a hunt that read secrets, those of excluded principals too. A null key_id
-- counts for nothing.
-- found, kinds, keys, groups  see the files of these names
SELECT placed.group_id, found.event_time, placed.key_id, found.kind_id
FROM found
JOIN (
  SELECT kinds.kind_id, groups.group_id, keys.key_id
  FROM (SELECT kind_id, unnest(kind) FROM kinds) AS kinds
  LEFT JOIN keys ON keys.secret_key = kinds.secret_key
  JOIN groups
    ON groups.exclusion IS NOT DISTINCT FROM kinds.exclusion
    AND groups.username_group IS NOT DISTINCT FROM kinds.username_group
    AND groups.effective_user_group IS NOT DISTINCT FROM kinds.effective_user_group
    AND groups.session_group IS NOT DISTINCT FROM kinds.session_group
    AND groups.cluster_group IS NOT DISTINCT FROM kinds.cluster_group
    AND groups.source_ip_group IS NOT DISTINCT FROM kinds.source_ip_group
    AND groups.user_agent_group IS NOT DISTINCT FROM kinds.user_agent_group
) AS placed USING (kind_id);
