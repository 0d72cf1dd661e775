-- title: Who else reads these secrets
-- question: Are these secrets read by others as well, and by whom?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column other_readers: distinct other users that read the secret with success up to the end of the span
-- column readers: the first twenty of them by name
WITH reads AS (
  SELECT cluster, namespace, name, username, event_time
  FROM requests
  WHERE resource = 'secrets'
   AND verb IN ('get', 'list', 'watch')
   AND name IS NOT NULL
   AND outcome = 'success'
   AND event_date <= CAST($around_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($around_to AS TIMESTAMP)
),
mine AS (
  SELECT cluster, namespace, name, count(*) FILTER (outcome = 'success') AS succeeded
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND resource = 'secrets'
   AND verb IN ('get', 'list', 'watch')
   AND name IS NOT NULL
   AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
  GROUP BY cluster, namespace, name
)
SELECT
  m.cluster,
  m.namespace,
  m.name AS secret,
  m.succeeded AS succeeded_by_user,
  count(DISTINCT coalesce(r.username, '<UNKNOWN_USER>')) FILTER (r.event_time IS NOT NULL) AS other_readers,
  coalesce(list_sort(list(DISTINCT coalesce(r.username, '<UNKNOWN_USER>'))
    FILTER (r.event_time IS NOT NULL))[:20], []) AS readers,
  count(r.event_time) AS reads_by_others,
  max(r.event_time) AS last_read_by_others
FROM mine m
LEFT JOIN reads r
  ON r.cluster IS NOT DISTINCT FROM m.cluster
 AND r.namespace IS NOT DISTINCT FROM m.namespace
 AND r.name = m.name
 AND r.username IS DISTINCT FROM $username
GROUP BY m.cluster, m.namespace, m.name, m.succeeded
ORDER BY other_readers, m.cluster, m.namespace, m.name
