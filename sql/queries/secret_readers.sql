-- title: Who read a given secret
-- meaning: users that read the secret by name. A list of its namespace or cluster returns it too: see cluster_wide_lists.
-- param name VARCHAR: the secret's name
-- param namespace VARCHAR = null: its namespace; any without it
-- param cluster VARCHAR = null: its cluster; any without it
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  cluster,
  namespace,
  username,
  list_sort(list(DISTINCT verb)) AS verbs,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE resource = 'secrets'
  AND verb IN ('get', 'list', 'watch')
  AND name = $name
  AND ($namespace IS NULL OR namespace = $namespace)
  AND ($cluster IS NULL OR cluster = $cluster)
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY cluster, namespace, username
ORDER BY first_seen, cluster, namespace, username
