-- title: Lists of all secrets around the alert
-- question: Which requests returned every secret of a cluster, from where, and were all pages fetched?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- column pages: requests, of which each after the first of a list fetched a further page
SELECT
  cluster, user_agent, source_ips[-1] AS source_ip,
  min(event_time) AS first_seen, max(event_time) AS last_seen,
  count(*) AS pages,
  count(*) FILTER (outcome = 'success') AS succeeded,
  list_sort(list(DISTINCT url_decode(regexp_extract(request_uri, '[?&]limit=([^&]*)', 1)))
    FILTER (request_uri LIKE '%limit=%')) AS page_limits,
  list_sort(list(DISTINCT url_decode(regexp_extract(request_uri, '[?&]labelSelector=([^&]*)', 1)))
    FILTER (request_uri LIKE '%labelSelector=%')) AS label_selectors
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date BETWEEN CAST($around_from AS TIMESTAMP)::DATE AND CAST($around_to AS TIMESTAMP)::DATE
 AND event_time BETWEEN CAST($around_from AS TIMESTAMP) AND CAST($around_to AS TIMESTAMP)
 AND resource = 'secrets' AND verb = 'list' AND coalesce(namespace, '') = ''
GROUP BY ALL
ORDER BY first_seen, cluster NULLS LAST, user_agent NULLS LAST, source_ip NULLS LAST
