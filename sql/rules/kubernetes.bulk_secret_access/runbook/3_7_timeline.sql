-- title: One timeline
-- question: In what order did it all happen?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column first_seen: the row stands for consecutive requests that differ only in their object
-- column before_crossing: first_seen lies before crossed_at
-- column technique: MITRE ATT&CK; null for what is not suspicious by itself
-- column activity: what step 3 finds, reads of secrets, denials, and what the user never did before, had it a history
-- column acting: another's username where an identity was missing; else null
-- column namespaces: the first twenty by name
-- column first_object: the first object of the row; distinct_objects says how many there are
WITH addresses AS (
  SELECT DISTINCT source_ips[-1] AS source_ip
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
   AND resource = 'secrets'
   AND source_ips[-1] IS NOT NULL
),
-- what 3_6_anonymous.sql finds, in the same way
refused AS (
  SELECT *
  FROM audit_events
  WHERE event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
   AND username <> 'system:anonymous'
   AND response_code = 401
  QUALIFY row_number() OVER (
    PARTITION BY event_time, username, verb, coalesce(audit_id, record_id), cluster, request_uri
    ORDER BY stage, stage_time, source_uri, source_record
  ) = 1
),
nobody AS (
  SELECT *
  FROM requests
  WHERE event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
   AND (username = 'system:anonymous' OR username IS NULL)
),
calls AS (
  SELECT
    event_time, source_uri, source_record, cluster, namespace, verb, resource, subresource, name, outcome,
    response_code, source_ips[-1] AS source_ip, user_agent, NULL AS acting,
    activities(verb, resource, subresource, name, username, impersonated_username, request_object,
      response_status) AS found,
    resource = 'secrets' AND verb IN ('get', 'list', 'watch') AS is_secret_read
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
  UNION ALL
  SELECT
    event_time, source_uri, source_record, cluster, namespace, verb,
    coalesce(resource, split_part(request_uri, '?', 1)), subresource, name, outcome,
    response_code, source_ips[-1], user_agent, coalesce(username, '<UNKNOWN_USER>'),
    [{'technique': 'T1078.001', 'activity': 'the same address tries without a valid identity'}],
    false
  FROM (SELECT * FROM nobody UNION ALL SELECT * FROM refused)
  WHERE username IS DISTINCT FROM $username
   AND source_ips[-1] IN (SELECT source_ip FROM addresses)
),
steps AS (
  SELECT *,
    CASE
      WHEN is_secret_read THEN list_prepend('T1552.007', list_transform(found, lambda f: f.technique))
      ELSE list_transform(found, lambda f: f.technique)
    END AS techniques,
    CASE
      WHEN found <> [] THEN array_to_string(list_transform(found, lambda f: f.activity), '; ')
      WHEN is_secret_read THEN 'reads secrets'
      WHEN outcome = 'denied' THEN 'is denied'
      ELSE 'other requests'
    END AS activity,
    json_array(cluster, verb, resource, subresource, outcome, source_ip, user_agent, acting,
      is_secret_read, list_transform(found, lambda f: f.activity),
      event_time < CAST($crossed_at AS TIMESTAMP)) AS signature
  FROM calls
),
changes AS (
  SELECT *,
    coalesce(signature <> lag(signature) OVER (ORDER BY event_time, source_uri, source_record), true) AS starts
  FROM steps
  WHERE activity <> 'other requests'
),
runs AS (
  SELECT *,
    -- count(*) FILTER in its place takes time by the square of the rows (DuckDB 2.0)
    sum(CASE WHEN starts THEN 1 ELSE 0 END)
      OVER (ORDER BY event_time, source_uri, source_record ROWS UNBOUNDED PRECEDING) AS run
  FROM changes
),
-- what 3_3_unusual.sql finds, for a user that has a history
facts AS (
  SELECT
    event_time, source_uri, source_record, cluster, namespace, verb, concat_ws('/', resource, subresource) AS resource,
    name, outcome, response_code, source_ips[-1] AS source_ip, user_agent,
    event_time >= CAST($past_from AS TIMESTAMP) AS is_past,
    unnest([
      {'technique': 'T1613', 'kind': 'request to', 'value': concat_ws(' ', verb, concat_ws('/', resource, subresource))},
      {'technique': 'T1613', 'kind': 'request in the namespace', 'value': namespace},
      {'technique': 'T1078', 'kind': 'request from the address', 'value': source_ips[-1]},
      {'technique': 'T1078', 'kind': 'request with the user agent', 'value': user_agent}
    ]) AS fact
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date <= CAST($past_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($past_to AS TIMESTAMP)
),
firsts AS (
  SELECT
    fact.technique AS technique,
    concat_ws(' ', 'first', fact.kind, fact.value) AS activity,
    count(*) AS requests,
    arg_min({'event_time': event_time, 'cluster': cluster, 'namespace': namespace, 'verb': verb,
      'resource': resource, 'name': name, 'outcome': outcome, 'response_code': response_code,
      'source_ip': source_ip, 'user_agent': user_agent},
      {'t': event_time, 'u': source_uri, 'r': source_record}) AS c
  FROM facts
  WHERE fact.value <> '' AND EXISTS (SELECT 1 FROM facts WHERE NOT is_past)
  GROUP BY fact.technique, fact.kind, fact.value
  HAVING bool_and(is_past)
),
joined AS (
  SELECT
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    nullif(array_to_string(any_value(list_distinct(techniques)), ' '), '') AS technique,
    any_value(activity) AS activity,
    any_value(acting) AS acting,
    count(*) AS requests,
    any_value(cluster) AS cluster,
    coalesce(list_sort(list(DISTINCT namespace) FILTER (namespace IS NOT NULL))[:20], []) AS namespaces,
    any_value(verb) AS verb,
    concat_ws('/', any_value(resource), any_value(subresource)) AS resource,
    arg_min(name, {'t': event_time, 'u': source_uri, 'r': source_record}) AS first_object,
    count(DISTINCT json_array(namespace, name)) FILTER (name IS NOT NULL) AS distinct_objects,
    any_value(outcome) AS outcome,
    list_sort(list(DISTINCT response_code) FILTER (response_code IS NOT NULL)) AS response_codes,
    any_value(source_ip) AS source_ip,
    any_value(user_agent) AS user_agent,
    run AS position
  FROM runs
  GROUP BY run
  UNION ALL
  SELECT
    c.event_time, c.event_time, technique, activity, NULL, requests, c.cluster,
    CASE WHEN c.namespace IS NULL THEN [] ELSE [c.namespace] END, c.verb, c.resource,
    c.name, CASE WHEN c.name IS NULL THEN 0 ELSE 1 END, c.outcome,
    CASE WHEN c.response_code IS NOT NULL THEN [c.response_code] END, c.source_ip, c.user_agent, 0
  FROM firsts
)
SELECT
  first_seen, last_seen, first_seen < CAST($crossed_at AS TIMESTAMP) AS before_crossing, technique, activity, acting,
  requests, cluster, namespaces, verb, resource, first_object, distinct_objects, outcome, response_codes, source_ip,
  user_agent
FROM joined
ORDER BY first_seen, position, activity
