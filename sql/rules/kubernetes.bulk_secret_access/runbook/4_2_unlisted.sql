-- title: Lists whose answers are not fully known
-- question: Which successful lists returned secrets that the lake may not know by name?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- column scope: cluster or namespace: rotate every secret of it that existed at that time
SELECT
  cluster,
  CASE WHEN coalesce(namespace, '') = '' THEN 'cluster' ELSE 'namespace' END AS scope,
  namespace,
  count(*) AS lists,
  min(event_time) AS first_list,
  max(event_time) AS last_list
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
 AND resource = 'secrets'
 AND name IS NULL
 AND verb IN ('list', 'watch')
 AND outcome = 'success'
GROUP BY cluster, namespace
ORDER BY cluster, scope, namespace
