-- title: Answers to the secret access
-- question: Did the reads succeed, or were they denied attempts?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column secrets: distinct named secrets
SELECT
  outcome,
  response_code,
  response_reason,
  verb,
  count(*) AS requests,
  count(DISTINCT json_array(cluster, namespace, name)) FILTER (name IS NOT NULL) AS secrets,
  list_sort(list(DISTINCT namespace) FILTER (namespace IS NOT NULL)) AS namespaces,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
 AND resource = 'secrets'
GROUP BY outcome, response_code, response_reason, verb
ORDER BY requests DESC, outcome, response_code, response_reason, verb
