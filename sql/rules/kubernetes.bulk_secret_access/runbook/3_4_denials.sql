-- title: Runs of denials
-- question: Did the user try one thing after another and get refused?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column requests: denied requests in a row, at least five, with none that was answered otherwise between them
-- column before_crossing: of these, how many lie before crossed_at
WITH calls AS (
  SELECT event_time, cluster, namespace, verb, resource, subresource, name, source_ips[-1] AS source_ip, user_agent,
    outcome = 'denied' AS is_denied,
    row_number() OVER ordered AS position,
    -- count(*) FILTER in its place takes time by the square of the rows (DuckDB 2.0)
    sum(CASE WHEN outcome = 'denied' THEN 0 ELSE 1 END) OVER ordered AS run
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
  WINDOW ordered AS (ORDER BY event_time, source_uri, source_record ROWS UNBOUNDED PRECEDING)
)
SELECT
  'T1613' AS technique,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (event_time < CAST($crossed_at AS TIMESTAMP)) AS before_crossing,
  count(DISTINCT json_array(cluster, namespace, resource, subresource, name)) AS distinct_objects,
  list_sort(list(DISTINCT concat_ws(' ', verb, concat_ws('/', resource, subresource)))) AS tried,
  list_sort(list(DISTINCT namespace) FILTER (namespace IS NOT NULL)) AS namespaces,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  list_sort(list(DISTINCT source_ip) FILTER (source_ip IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM calls
WHERE is_denied
GROUP BY run
HAVING count(*) >= 5
ORDER BY first_seen, last_seen, min(position)
