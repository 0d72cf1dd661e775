-- title: One timeline
-- question: In what order did it all happen?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column first_seen: the row stands for consecutive requests that differ only in their object
-- column before_crossing: first_seen lies before crossed_at
-- column technique: MITRE ATT&CK; null for what is not suspicious by itself
-- column first_object: the first object of the row; distinct_objects says how many there are
WITH calls AS (
  SELECT
    event_time, source_uri, source_record, cluster, namespace, verb, resource, subresource, name, outcome,
    response_code, source_ips[-1] AS source_ip, user_agent,
    activities(verb, resource, subresource, name, username, impersonated_username, request_object,
      response_status) AS found,
    resource = 'secrets' AND verb IN ('get', 'list', 'watch') AS is_secret_read
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
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
    json_array(cluster, namespace, verb, resource, subresource, outcome, source_ip, user_agent,
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
    count(*) FILTER (starts) OVER (ORDER BY event_time, source_uri, source_record ROWS UNBOUNDED PRECEDING) AS run
  FROM changes
)
SELECT
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  min(event_time) < CAST($crossed_at AS TIMESTAMP) AS before_crossing,
  nullif(array_to_string(any_value(list_distinct(techniques)), ' '), '') AS technique,
  any_value(activity) AS activity,
  count(*) AS requests,
  any_value(cluster) AS cluster,
  any_value(namespace) AS namespace,
  any_value(verb) AS verb,
  concat_ws('/', any_value(resource), any_value(subresource)) AS resource,
  arg_min(name, {'t': event_time, 'u': source_uri, 'r': source_record}) AS first_object,
  count(DISTINCT name) AS distinct_objects,
  any_value(outcome) AS outcome,
  list_sort(list(DISTINCT response_code) FILTER (response_code IS NOT NULL)) AS response_codes,
  any_value(source_ip) AS source_ip,
  any_value(user_agent) AS user_agent
FROM runs
GROUP BY run
ORDER BY run
