-- title: Service account token requests
-- meaning: who asked for a service account's token, one row per asker and service account; kubelets do so for their pods.
-- param include_system BOOLEAN = false: show system principals too
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  username,
  cluster,
  namespace,
  name AS service_account,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  max(TRY_CAST(TRY_CAST(request_object AS JSON) ->> '$.spec.expirationSeconds' AS BIGINT)) AS longest_seconds,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT source_ip(source_ips)) FILTER (source_ip(source_ips) IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE resource = 'serviceaccounts'
  AND subresource = 'token'
  AND verb = 'create'
  AND (CAST($include_system AS BOOLEAN) OR NOT is_system_principal(username))
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY username, cluster, namespace, name
ORDER BY first_seen, username, cluster, namespace, service_account
