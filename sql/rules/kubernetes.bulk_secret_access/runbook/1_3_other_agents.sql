-- title: Secrets by the same user with other user agents
-- question: Did the user touch secrets in the same span with a client that is not the alert's?
-- param username VARCHAR: the user; null for records without a username
-- param user_agents VARCHAR: the alert's user agents as a JSON array, to which a request without one belongs; null gives no rows
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column secret: null for a list or watch without a name
SELECT
  user_agent,
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
  list_sort(list(DISTINCT source_ips[-1]) FILTER (source_ips[-1] IS NOT NULL)) AS source_ips
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
 AND resource = 'secrets'
 AND $user_agents IS NOT NULL
 AND user_agent IS NOT NULL
 AND NOT list_contains(from_json($user_agents, '["VARCHAR"]'), user_agent)
GROUP BY user_agent, cluster, namespace, name
ORDER BY user_agent, first_seen, cluster, namespace, secret
