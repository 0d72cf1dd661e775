-- title: One user's day as a timeline
-- meaning: every request of the user on one UTC day, in order, with what is suspicious about it.
-- param username VARCHAR: the user; null for records without a username
-- param day DATE: the UTC day, such as 2026-11-20
SELECT
  event_time,
  cluster,
  verb,
  concat_ws('/', resource, subresource) AS resource,
  namespace,
  name,
  outcome,
  response_code,
  list_transform(activities(verb, resource, subresource, name, username, impersonated_username, request_object,
    response_status), lambda found: found.technique || ' ' || found.activity) AS suspicious,
  source_ip(source_ips) AS source_ip,
  user_agent,
  request_uri,
  audit_id
FROM requests
WHERE username IS NOT DISTINCT FROM $username
  AND event_date = CAST($day AS DATE)
ORDER BY event_time, source_uri, source_record
