-- title: Changes to roles and bindings
-- question: Which roles, cluster roles and bindings did the user change, and what do they grant to whom?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column before_crossing: the request lies before crossed_at
-- column role_ref: the role a binding binds, from the request's body, else from the answer's
-- column subjects: whom a binding binds it to, from these; of a JSON patch without an answer its operations on them
-- column rules: what a role grants, likewise; for a binding what its role was last seen to grant
-- column body_not_logged: neither the request's body nor the answer's is in the log
WITH changes AS (
  SELECT *, TRY_CAST(request_object AS JSON) AS body, TRY_CAST(response_object AS JSON) AS answer
  FROM requests
  WHERE resource IN ('roles', 'clusterroles', 'rolebindings', 'clusterrolebindings')
   AND verb IN ('create', 'update', 'patch', 'delete', 'deletecollection')
   AND event_date <= CAST($past_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($past_to AS TIMESTAMP)
),
mine AS (
  SELECT *,
    coalesce(name, body ->> '$.metadata.name') AS changed,
    coalesce(body -> '$.roleRef', answer -> '$.roleRef') AS role,
    -- A JSON patch is a list of operations, https://datatracker.ietf.org/doc/html/rfc6902
    CASE WHEN json_type(body) = 'ARRAY' THEN CAST(body AS JSON[]) END AS operations
  FROM changes
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
),
granted AS (
  SELECT cluster, resource, coalesce(namespace, '') AS namespace, coalesce(name, body ->> '$.metadata.name') AS name,
    arg_max(coalesce(body ->> '$.rules', answer ->> '$.rules'),
      {'t': event_time, 'u': source_uri, 'r': source_record}) AS rules
  FROM changes
  WHERE resource IN ('roles', 'clusterroles') AND outcome = 'success'
   AND coalesce(body ->> '$.rules', answer ->> '$.rules') IS NOT NULL
  GROUP BY ALL
)
SELECT
  'T1098.006' AS technique,
  m.event_time,
  m.event_time < CAST($crossed_at AS TIMESTAMP) AS before_crossing,
  m.cluster,
  m.verb,
  m.resource,
  m.namespace,
  m.changed AS name,
  m.outcome,
  m.response_code,
  nullif(concat_ws(' ', m.role ->> '$.kind', m.role ->> '$.name'), '') AS role_ref,
  coalesce(m.body ->> '$.subjects', m.answer ->> '$.subjects',
    nullif(CAST(to_json(list_filter(m.operations, lambda o: starts_with(o ->> '$.path', '/subjects'))) AS VARCHAR), '[]')
  ) AS subjects,
  coalesce(m.body ->> '$.rules', m.answer ->> '$.rules',
    nullif(CAST(to_json(list_filter(m.operations, lambda o: starts_with(o ->> '$.path', '/rules'))) AS VARCHAR), '[]'),
    g.rules
  ) AS rules,
  m.body IS NULL AND m.answer IS NULL AS body_not_logged,
  m.source_ips[-1] AS source_ip,
  m.user_agent,
  m.audit_id
FROM mine m
LEFT JOIN granted g
  ON g.cluster IS NOT DISTINCT FROM m.cluster
 AND g.resource = lower(m.role ->> '$.kind') || 's'
 AND g.name = m.role ->> '$.name'
 AND g.namespace = CASE WHEN m.role ->> '$.kind' = 'Role' THEN coalesce(m.namespace, '') ELSE '' END
ORDER BY m.event_time, m.cluster, m.resource, m.namespace, m.changed, m.verb,
  m.audit_id, m.source_uri, m.source_record
