-- title: Privilege escalation and other suspicious requests
-- question: Did the user impersonate, take tokens or certificates, enter pods, or start pods that reach the host?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column before_crossing: requests that lie before crossed_at
-- column objects: the first twenty objects by name
WITH calls AS (
  SELECT *,
    unnest(activities(verb, resource, subresource, name, username, impersonated_username, request_object,
      response_status)) AS found
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
)
SELECT
  found.technique AS technique,
  found.activity AS activity,
  cluster,
  namespace,
  count(*) AS requests,
  count(*) FILTER (event_time < CAST($crossed_at AS TIMESTAMP)) AS before_crossing,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(DISTINCT name) AS distinct_objects,
  coalesce(list_sort(list(DISTINCT name) FILTER (name IS NOT NULL))[:20], []) AS objects,
  list_sort(list(DISTINCT source_ips[-1]) FILTER (source_ips[-1] IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM calls
GROUP BY found.technique, found.activity, cluster, namespace
ORDER BY first_seen, technique, activity, cluster, namespace
