-- title: Who entered pods
-- meaning: exec, attach, port-forward, proxy and ephemeral containers, one row per request.
-- param username VARCHAR = null: the user; any without it
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  event_time,
  cluster,
  namespace,
  name AS pod,
  subresource,
  verb,
  username,
  impersonated_username,
  outcome,
  response_code,
  regexp_extract_all(request_uri, '[?&]command=([^&]*)', 1) AS command,
  source_ip(source_ips) AS source_ip,
  user_agent,
  audit_id
FROM requests
WHERE resource = 'pods'
  AND subresource IN ('exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers')
  AND ($username IS NULL OR username = $username)
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
ORDER BY event_time, cluster, namespace, pod, subresource, source_uri, source_record
