-- title: Users first seen in a span
-- meaning: users without any request before since. With logs that begin shortly before since, everybody is new.
-- param since TIMESTAMP: users first seen from here on
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  username,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  count(*) FILTER (resource = 'secrets') AS secret_requests,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE $until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP))
GROUP BY username
HAVING min(event_time) >= CAST($since AS TIMESTAMP)
ORDER BY first_seen, username
