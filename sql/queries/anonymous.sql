-- title: Anonymous and unauthenticated requests
-- meaning: what was asked for without an identity, from where, and what succeeded; health checks are left out.
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  cluster,
  source_ip(source_ips) AS source_ip,
  username,
  verb,
  coalesce(resource, split_part(request_uri, '?', 1)) AS resource,
  namespace,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE (username = 'system:anonymous' OR username IS NULL OR list_contains(user_groups, 'system:unauthenticated')
  OR response_code = 401)
  AND NOT coalesce(regexp_matches(request_uri, '^/(healthz|livez|readyz|version)'), false)
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY ALL
ORDER BY succeeded DESC, requests DESC, first_seen, cluster, source_ip, username,
  verb, resource, namespace
