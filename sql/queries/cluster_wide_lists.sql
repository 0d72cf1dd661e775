-- title: Cluster-wide lists
-- meaning: lists and watches over all namespaces: each returns every object of the resource at once.
-- param resource VARCHAR = secrets: the resource that is listed
-- param include_system BOOLEAN = false: show system principals too
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  cluster,
  username,
  verb,
  user_agent,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips
FROM requests
WHERE resource = $resource
  AND verb IN ('list', 'watch')
  AND coalesce(namespace, '') = ''
  AND coalesce(name, '') = ''
  AND (CAST($include_system AS BOOLEAN) OR NOT is_system_principal(username))
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY cluster, username, verb, user_agent
ORDER BY first_seen, cluster, username, verb, user_agent
