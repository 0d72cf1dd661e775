-- title: Clusters whose secrets must all be rotated
-- question: In which clusters did a list of all secrets succeed, and which of their secrets do the logs name?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column named_secrets: secrets of the cluster that anybody named before; there are more
WITH listed AS (
  SELECT cluster, count(*) AS lists, min(event_time) AS first_seen
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
   AND resource = 'secrets' AND verb = 'list' AND coalesce(namespace, '') = '' AND outcome = 'success'
  GROUP BY cluster
),
named AS (
  SELECT cluster, count(DISTINCT (namespace, name)) AS secrets, count(DISTINCT namespace) AS namespaces
  FROM audit_events
  WHERE resource = 'secrets' AND name <> '' AND namespace <> ''
   AND event_date <= CAST($around_to AS TIMESTAMP)::DATE
  GROUP BY cluster
)
SELECT
  listed.cluster, listed.lists, listed.first_seen,
  coalesce(named.secrets, 0) AS named_secrets, coalesce(named.namespaces, 0) AS namespaces
FROM listed
LEFT JOIN named ON named.cluster IS NOT DISTINCT FROM listed.cluster
ORDER BY listed.first_seen, listed.cluster NULLS LAST
