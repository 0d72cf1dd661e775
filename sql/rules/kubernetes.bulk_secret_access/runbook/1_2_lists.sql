-- title: Lists and watches of secrets without a name
-- question: Which requests returned every secret of a namespace or of a cluster, and with which selectors?
-- param username VARCHAR: the user; null for records without a username
-- param user_agents VARCHAR: the alert's user agents as a JSON array, to which a request without one belongs; null for any
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column scope: cluster or namespace
-- column continued: requests that fetched a further page
-- column from_alert_agents: the user agent is one of the alert's
SELECT
  cluster,
  CASE WHEN namespace IS NULL OR namespace = '' THEN 'cluster' ELSE 'namespace' END AS scope,
  namespace,
  verb,
  regexp_replace(request_uri, '([?&]continue=)[^&]*', '\1...') AS request_uri,
  url_decode(nullif(regexp_extract(request_uri, '[?&]limit=([^&]*)', 1), '')) AS page_limit,
  url_decode(nullif(regexp_extract(request_uri, '[?&]fieldSelector=([^&]*)', 1), '')) AS field_selector,
  url_decode(nullif(regexp_extract(request_uri, '[?&]labelSelector=([^&]*)', 1), '')) AS label_selector,
  count(*) FILTER (regexp_matches(request_uri, '[?&]continue=')) AS continued,
  user_agent,
  $user_agents IS NULL
    OR user_agent IS NULL
    OR list_contains(from_json($user_agents, '["VARCHAR"]'), user_agent)
    AS from_alert_agents,
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
 AND name IS NULL
 AND verb IN ('list', 'watch', 'deletecollection')
GROUP BY ALL
ORDER BY first_seen, cluster, namespace, verb, request_uri,
  page_limit, user_agent
