-- title: The user's lists of all secrets before the alert
-- question: On which earlier days did this user list all secrets, from where, and what allowed it?
-- param username VARCHAR: the user; null for records without a username
-- param history_to TIMESTAMP: where the history ends, exclusive
-- column authz_reasons: what RBAC says allowed or forbade it
SELECT
  event_date, cluster,
  count(*) AS lists,
  count(*) FILTER (outcome = 'success') AS succeeded,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents,
  list_sort(list(DISTINCT source_ips[-1]) FILTER (source_ips[-1] IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT authz_reason) FILTER (authz_reason <> '')) AS authz_reasons
FROM requests
WHERE username IS NOT DISTINCT FROM $username
 AND event_date <= CAST($history_to AS TIMESTAMP)::DATE
 AND event_time < CAST($history_to AS TIMESTAMP)
 AND resource = 'secrets' AND verb = 'list' AND coalesce(namespace, '') = ''
GROUP BY ALL
ORDER BY event_date DESC, cluster NULLS LAST
