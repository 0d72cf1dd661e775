-- allow_reads: the reads that can count, each with its mask: a bit for each entry of the
-- allow-list, 1 where the entry matches the read. Null where none does.
-- $..._mask    VARCHAR  the mask of a value that no pattern matches: the entries that do not name its field
-- allow_masks  field, value, mask; of the other values
WITH masked AS (
  SELECT
    groups.group_id, matches.event_time, keys.key_id,
    coalesce(by_username.mask, $username_mask::BIT)
    & coalesce(by_namespace.mask, $namespace_mask::BIT)
    & coalesce(by_secret.mask, $secret_mask::BIT)
    & coalesce(by_user_agent.mask, $user_agent_mask::BIT)
    & coalesce(by_cluster.mask, $cluster_mask::BIT)
    & coalesce(by_source_ip.mask, $source_ip_mask::BIT) AS mask
  FROM matches('requests', $log_types, $from, $until, NULL::VARCHAR[], $by, $secret_key, $include_system) AS matches
  JOIN keys ON keys.secret_key = matches.secret_key
  JOIN groups
    ON groups.exclusion IS NOT DISTINCT FROM matches.exclusion
    AND groups.username_group IS NOT DISTINCT FROM matches.username_group
    AND groups.effective_user_group IS NOT DISTINCT FROM matches.effective_user_group
    AND groups.session_group IS NOT DISTINCT FROM matches.session_group
    AND groups.cluster_group IS NOT DISTINCT FROM matches.cluster_group
    AND groups.source_ip_group IS NOT DISTINCT FROM matches.source_ip_group
    AND groups.user_agent_group IS NOT DISTINCT FROM matches.user_agent_group
  LEFT JOIN allow_masks AS by_username ON by_username.field = 'username' AND by_username.value = matches.username
  LEFT JOIN allow_masks AS by_namespace ON by_namespace.field = 'namespace' AND by_namespace.value = matches.namespace
  LEFT JOIN allow_masks AS by_secret ON by_secret.field = 'secret' AND by_secret.value = matches.name
  LEFT JOIN allow_masks AS by_user_agent ON by_user_agent.field = 'user_agent' AND by_user_agent.value = matches.user_agent
  LEFT JOIN allow_masks AS by_cluster ON by_cluster.field = 'cluster' AND by_cluster.value = matches.cluster
  LEFT JOIN allow_masks AS by_source_ip
    ON by_source_ip.field = 'source_ip' AND by_source_ip.value = source_ip(matches.source_ips)
  WHERE matches.exclusion IS NULL
)

SELECT group_id, event_time, key_id, CASE WHEN bit_count(mask) > 0 THEN mask END AS mask
FROM masked;
