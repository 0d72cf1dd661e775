-- title: Changes to roles and bindings
-- meaning: who changed which role, cluster role or binding, and what it grants, from the request's body where it was logged.
-- param include_system BOOLEAN = false: show system principals too
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
SELECT
  event_time,
  cluster,
  username,
  verb,
  resource,
  namespace,
  coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name') AS name,
  outcome,
  nullif(concat_ws(' ', TRY_CAST(request_object AS JSON) ->> '$.roleRef.kind',
    TRY_CAST(request_object AS JSON) ->> '$.roleRef.name'), '') AS role_ref,
  TRY_CAST(request_object AS JSON) ->> '$.subjects' AS subjects,
  TRY_CAST(request_object AS JSON) ->> '$.rules' AS rules,
  source_ip(source_ips) AS source_ip,
  user_agent,
  audit_id
FROM requests
WHERE resource IN ('roles', 'clusterroles', 'rolebindings', 'clusterrolebindings')
  AND verb IN ('create', 'update', 'patch', 'delete', 'deletecollection')
  AND (CAST($include_system AS BOOLEAN) OR NOT is_system_principal(username))
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
ORDER BY event_time, cluster, resource, namespace, name, source_uri, source_record
