-- title: What allowed it
-- question: Which role binding allowed the reads, and who last changed that binding or its role?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column reason: annotation authorization.k8s.io/reason, from which the binding and role are read
-- column binding_changed_at: the last successful change of the binding that the lake holds; null if none
-- column role_changed_at: the last successful change of the role that the lake holds; null if none
WITH reads AS (
  SELECT
    cluster,
    authz_decision AS decision,
    authz_reason AS reason,
    count(*) AS requests,
    count(DISTINCT json_array(cluster, namespace, name)) FILTER (name IS NOT NULL) AS secrets,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
   AND resource = 'secrets'
  GROUP BY cluster, authz_decision, authz_reason
),
-- RBAC words it: allowed by RoleBinding "name/namespace" of Role "name" to User "name"
parsed AS (
  SELECT
    *,
    nullif(regexp_extract(reason, 'by (ClusterRoleBinding|RoleBinding) "', 1), '') AS binding_kind,
    nullif(regexp_extract(reason, 'Binding "([^"/]*)', 1), '') AS binding,
    nullif(regexp_extract(reason, 'RoleBinding "[^"/]*/([^"]*)"', 1), '') AS binding_namespace,
    nullif(regexp_extract(reason, 'of (ClusterRole|Role) "', 1), '') AS role_kind,
    nullif(regexp_extract(reason, 'of (?:ClusterRole|Role) "([^"]*)"', 1), '') AS role,
    nullif(regexp_extract(reason, ' to (.*)$', 1), '') AS subject
  FROM reads
),
changes AS (
  SELECT cluster, resource, namespace, coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name') AS name,
    verb, username, source_ips[-1] AS source_ip, event_time
  FROM requests
  WHERE resource IN ('rolebindings', 'clusterrolebindings', 'roles', 'clusterroles')
   AND verb IN ('create', 'update', 'patch', 'delete')
   AND outcome = 'success'
   AND event_date <= CAST($around_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($around_to AS TIMESTAMP)
),
latest AS (
  SELECT
    cluster, resource, namespace, name,
    max(event_time) AS changed_at,
    arg_max({'verb': verb, 'username': username, 'source_ip': source_ip},
      {'t': event_time, 'verb': verb, 'username': username, 'source_ip': source_ip}) AS last
  FROM changes
  GROUP BY cluster, resource, namespace, name
)
SELECT
  p.cluster, p.decision, p.reason, p.binding_kind, p.binding, p.binding_namespace, p.role_kind, p.role,
  p.subject, p.requests, p.secrets, p.first_seen, p.last_seen,
  b.changed_at AS binding_changed_at,
  b.last.verb AS binding_change,
  b.last.username AS binding_changed_by,
  b.last.source_ip AS binding_changed_from,
  r.changed_at AS role_changed_at,
  r.last.verb AS role_change,
  r.last.username AS role_changed_by
FROM parsed p
LEFT JOIN latest b
  ON b.resource = lower(p.binding_kind) || 's'
 AND b.name = p.binding
 AND b.cluster IS NOT DISTINCT FROM p.cluster
 AND coalesce(b.namespace, '') = coalesce(p.binding_namespace, '')
LEFT JOIN latest r
  ON r.resource = lower(p.role_kind) || 's'
 AND r.name = p.role
 AND r.cluster IS NOT DISTINCT FROM p.cluster
 AND coalesce(r.namespace, '') = CASE WHEN p.role_kind = 'Role' THEN coalesce(p.binding_namespace, '') ELSE '' END
ORDER BY p.requests DESC, p.cluster, p.decision, p.reason
