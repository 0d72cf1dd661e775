-- The users who listed the secrets of a whole cluster or of a namespace: a request that counts as one and returns all.
-- $since        TIMESTAMP  inclusive
-- found, kinds  see detect/
SELECT
  username, cluster_wide_list AS cluster_wide, count(*) AS lists, count(*) FILTER (WHERE outcome = 'success') AS succeeded,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM found
JOIN (SELECT kind_id, unnest(kind) FROM kinds) AS kinds USING (kind_id)
WHERE exclusion IS NULL AND (cluster_wide_list OR namespace_list) AND event_time >= $since
GROUP BY username, cluster_wide_list
ORDER BY username NULLS LAST, cluster_wide_list;
