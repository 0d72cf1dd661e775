-- The users who listed the secrets of a whole cluster: a request that counts as one and returns all.
-- $since        TIMESTAMP  inclusive
-- found, kinds  see detect/
SELECT
  username, count(*) AS lists, count(*) FILTER (WHERE outcome = 'success') AS succeeded,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM found
JOIN (SELECT kind_id, unnest(kind) FROM kinds) AS kinds USING (kind_id)
WHERE exclusion IS NULL AND cluster_wide_list AND event_time >= $since
GROUP BY username
ORDER BY username NULLS LAST;
