-- title: User agents first seen in a span
-- meaning: user agents without any request before since, and who used them.
-- param since TIMESTAMP: user agents first seen from here on
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  user_agent,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  count(DISTINCT username) AS distinct_users,
  list_sort(list(DISTINCT username) FILTER (username IS NOT NULL))[:20] AS users,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips
FROM requests
WHERE $until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP))
GROUP BY user_agent
HAVING min(event_time) >= CAST($since AS TIMESTAMP)
ORDER BY first_seen, user_agent
