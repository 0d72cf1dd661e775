-- title: Secrets by the user and the alert's user agents
-- question: Which secrets were touched, with which verbs, when, from where, and did it work?
-- param username VARCHAR: the user; null for records without a username
-- param user_agents VARCHAR: the alert's user agents as a JSON array, to which a request without one belongs; null for any
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column verbs: every verb used on the secret, reads and writes
-- column succeeded: requests answered with a status from 100 to 399
-- column unknown: requests whose answer was not logged
SELECT
  cluster,
  namespace,
  name AS secret,
  list_sort(list(DISTINCT verb)) AS verbs,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  list_sort(list(DISTINCT source_ips[-1]) FILTER (source_ips[-1] IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
 AND resource = 'secrets'
 AND name IS NOT NULL
 AND ($user_agents IS NULL
   OR user_agent IS NULL
   OR list_contains(from_json($user_agents, '["VARCHAR"]'), user_agent))
GROUP BY cluster, namespace, name
ORDER BY first_seen, cluster, namespace, secret
