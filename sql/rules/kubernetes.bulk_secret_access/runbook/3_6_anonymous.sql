-- title: Anonymous and unauthenticated requests from the same addresses
-- question: Did the addresses the user reads secrets from also try without a valid identity?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column before_crossing: requests that lie before crossed_at
WITH addresses AS (
  SELECT DISTINCT source_ips[-1] AS source_ip
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
   AND resource = 'secrets'
   AND source_ips[-1] IS NOT NULL
)
SELECT
  'T1078.001' AS technique,
  source_ips[-1] AS source_ip,
  username,
  cluster,
  verb,
  coalesce(resource, split_part(request_uri, '?', 1)) AS resource,
  namespace,
  count(*) AS requests,
  count(*) FILTER (event_time < CAST($crossed_at AS TIMESTAMP)) AS before_crossing,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
 AND username IS DISTINCT FROM $username
 AND (username = 'system:anonymous' OR username IS NULL OR response_code = 401)
 AND source_ips[-1] IN (SELECT source_ip FROM addresses)
GROUP BY ALL
ORDER BY first_seen, source_ip, username, cluster, verb, resource,
  namespace
