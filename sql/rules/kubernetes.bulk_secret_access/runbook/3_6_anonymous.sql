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
),
-- A request that is refused so has this code in each of its records that has one. Asked of requests, the code would be
-- looked at only after the stages of all requests of the day were told apart.
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
FROM (SELECT * FROM nobody UNION ALL SELECT * FROM refused)
WHERE username IS DISTINCT FROM $username
 AND source_ips[-1] IN (SELECT source_ip FROM addresses)
GROUP BY ALL
ORDER BY first_seen, source_ip, username, cluster, verb, resource,
  namespace
