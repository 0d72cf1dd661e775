-- title: Questions about its own permissions
-- question: Did the user ask the API server what it may do?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column asked: verb, resource and namespace asked for, from the request's body
-- column before_crossing: requests that lie before crossed_at
WITH calls AS (
  SELECT *, TRY_CAST(request_object AS JSON) AS body
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
   AND resource IN ('selfsubjectaccessreviews', 'selfsubjectrulesreviews')
)
SELECT
  'T1069' AS technique,
  resource,
  coalesce(
    nullif(concat_ws(' ', body ->> '$.spec.resourceAttributes.verb',
      concat_ws('/', body ->> '$.spec.resourceAttributes.resource',
        body ->> '$.spec.resourceAttributes.subresource'),
      'in ' || nullif(body ->> '$.spec.resourceAttributes.namespace', '')), ''),
    'in ' || nullif(body ->> '$.spec.namespace', '')) AS asked,
  cluster,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (event_time < CAST($crossed_at AS TIMESTAMP)) AS before_crossing,
  list_sort(list(DISTINCT source_ips[-1]) FILTER (source_ips[-1] IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM calls
GROUP BY resource, asked, cluster
ORDER BY first_seen, resource, asked, cluster
