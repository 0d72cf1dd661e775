-- The users who listed the secrets of a whole cluster: a request that counts as one and returns all.
-- $since, $until  TIMESTAMP  from (inclusive) and until (exclusive)
SELECT
  username, count(*) AS lists, count(*) FILTER (WHERE outcome = 'success') AS succeeded,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM matches('requests', $log_types, $since, $until, NULL::VARCHAR[], $by, $secret_key, $include_system)
WHERE exclusion IS NULL AND verb = 'list' AND cluster_wide_list
GROUP BY username
ORDER BY username NULLS LAST;
