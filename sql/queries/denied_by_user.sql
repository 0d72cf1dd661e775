-- title: Denied requests by user
-- meaning: users with the most denied requests, and what they were denied.
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
-- param minimum BIGINT = 1: users with fewer denied requests are left out
SELECT
  username,
  count(*) AS denied,
  count(DISTINCT concat_ws(' ', verb, concat_ws('/', resource, subresource))) AS distinct_actions,
  list_sort(list(DISTINCT concat_ws(' ', verb, concat_ws('/', resource, subresource)))) AS actions,
  list_sort(list(DISTINCT namespace) FILTER (namespace IS NOT NULL)) AS namespaces,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips
FROM requests
WHERE outcome = 'denied'
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY username
HAVING count(*) >= CAST($minimum AS BIGINT)
ORDER BY denied DESC, username
