-- title: Users with the most requests
-- meaning: who makes the most requests, and how much of it concerns secrets.
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
-- param include_system BOOLEAN = true: show system principals too
-- param rows BIGINT = 100: how many users
SELECT
  username,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  count(*) FILTER (resource = 'secrets') AS secret_requests,
  count(DISTINCT concat_ws('/', resource, subresource)) AS distinct_resources,
  count(DISTINCT source_ip(source_ips)) AS distinct_addresses,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM requests
WHERE (CAST($include_system AS BOOLEAN) OR NOT is_system_principal(username))
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY username
ORDER BY requests DESC, username
LIMIT CAST($rows AS BIGINT)
