-- allow_reads: the reads that can count, each with its mask: a bit for each entry of the
-- allow-list, 1 where the entry matches the read. Null where none does.
-- $..._mask    VARCHAR  the mask of a value that no pattern matches: the entries that do not name its field
-- allow_masks  field, value, mask; of the other values
-- reads, kinds see detect/
-- What an entry matches is told of a kind, once for all of its reads.
WITH masked AS (
  SELECT
    kinds.kind_id,
    coalesce(by_username.mask, $username_mask::BIT)
    & coalesce(by_namespace.mask, $namespace_mask::BIT)
    & coalesce(by_secret.mask, $secret_mask::BIT)
    & coalesce(by_user_agent.mask, $user_agent_mask::BIT)
    & coalesce(by_cluster.mask, $cluster_mask::BIT)
    & coalesce(by_source_ip.mask, $source_ip_mask::BIT) AS mask
  FROM (SELECT kind_id, unnest(kind) FROM kinds) AS kinds
  LEFT JOIN allow_masks AS by_username ON by_username.field = 'username' AND by_username.value = kinds.username
  LEFT JOIN allow_masks AS by_namespace ON by_namespace.field = 'namespace' AND by_namespace.value = kinds.namespace
  LEFT JOIN allow_masks AS by_secret ON by_secret.field = 'secret' AND by_secret.value = kinds.name
  LEFT JOIN allow_masks AS by_user_agent ON by_user_agent.field = 'user_agent' AND by_user_agent.value = kinds.user_agent
  LEFT JOIN allow_masks AS by_cluster ON by_cluster.field = 'cluster' AND by_cluster.value = kinds.cluster
  LEFT JOIN allow_masks AS by_source_ip
    ON by_source_ip.field = 'source_ip' AND by_source_ip.value = source_ip(kinds.source_ips)
  WHERE kinds.exclusion IS NULL
)

SELECT reads.group_id, reads.event_time, reads.key_id, CASE WHEN bit_count(masked.mask) > 0 THEN masked.mask END AS mask
FROM reads
JOIN masked USING (kind_id)
WHERE reads.key_id IS NOT NULL;
