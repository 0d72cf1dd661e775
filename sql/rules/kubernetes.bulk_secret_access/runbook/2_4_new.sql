-- title: What is new for this user
-- question: Are these secrets, namespaces, user agents, addresses and clusters new for the user?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- param history_to TIMESTAMP: where the history ends, exclusive
-- column kind: secret, namespace (of secrets), user agent, address or cluster (of any request)
-- column seen_before: requests with this value before the alert
-- column is_new: there are none; with a short history this says little
WITH everything AS (
  SELECT cluster, namespace, name, resource, user_agent, source_ips[-1] AS source_ip, event_time
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date <= CAST($around_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($around_to AS TIMESTAMP)
),
marked AS (
  SELECT *,
    event_time >= CAST($around_from AS TIMESTAMP) AS is_around,
    event_time < CAST($history_to AS TIMESTAMP) AS is_history
  FROM everything
),
facts AS (
  SELECT 'secret' AS kind, concat_ws('/', cluster, namespace, name) AS value, is_around, is_history, event_time
  FROM marked WHERE resource = 'secrets' AND name IS NOT NULL
  UNION ALL
  SELECT 'namespace', concat_ws('/', cluster, namespace), is_around, is_history, event_time
  FROM marked WHERE resource = 'secrets' AND namespace IS NOT NULL
  UNION ALL
  SELECT 'user agent', user_agent, is_around, is_history, event_time
  FROM marked WHERE user_agent IS NOT NULL
  UNION ALL
  SELECT 'address', source_ip, is_around, is_history, event_time
  FROM marked WHERE source_ip IS NOT NULL
  UNION ALL
  SELECT 'cluster', cluster, is_around, is_history, event_time
  FROM marked WHERE cluster IS NOT NULL
)
SELECT
  kind,
  value,
  count(*) FILTER (is_history) = 0 AS is_new,
  count(*) FILTER (is_around) AS requests_around,
  count(*) FILTER (is_history) AS seen_before,
  min(event_time) FILTER (is_history) AS first_seen_before,
  max(event_time) FILTER (is_history) AS last_seen_before
FROM facts
GROUP BY kind, value
HAVING count(*) FILTER (is_around) > 0
ORDER BY kind, is_new DESC, value
