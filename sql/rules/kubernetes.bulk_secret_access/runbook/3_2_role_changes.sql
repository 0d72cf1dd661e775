-- title: Changes to roles and bindings
-- question: Which roles, cluster roles and bindings did the user change, and what do they grant to whom?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column before_crossing: the request lies before crossed_at
-- column role_ref: the role a binding binds, from the request's body
-- column subjects: whom a binding binds it to, from the request's body
-- column rules: what a role grants, from the request's body
SELECT
  'T1098.006' AS technique,
  event_time,
  event_time < CAST($crossed_at AS TIMESTAMP) AS before_crossing,
  cluster,
  verb,
  resource,
  namespace,
  coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name') AS name,
  outcome,
  response_code,
  concat_ws(' ', TRY_CAST(request_object AS JSON) ->> '$.roleRef.kind',
    TRY_CAST(request_object AS JSON) ->> '$.roleRef.name') AS role_ref,
  TRY_CAST(request_object AS JSON) ->> '$.subjects' AS subjects,
  TRY_CAST(request_object AS JSON) ->> '$.rules' AS rules,
  request_object IS NULL AS body_not_logged,
  source_ips[-1] AS source_ip,
  user_agent,
  audit_id
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
 AND resource IN ('roles', 'clusterroles', 'rolebindings', 'clusterrolebindings')
 AND verb IN ('create', 'update', 'patch', 'delete', 'deletecollection')
ORDER BY event_time, cluster, resource, namespace, name, verb,
  audit_id, source_uri, source_record
