-- title: Requests by user agent
-- meaning: every user agent with its users and requests.
-- param since TIMESTAMP = null: start, inclusive; the lake's first record without it
-- param until TIMESTAMP = null: end, exclusive; the lake's last record without it
-- param rows BIGINT = 100: how many user agents
SELECT
  user_agent,
  count(*) AS requests,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  count(*) FILTER (resource = 'secrets') AS secret_requests,
  count(DISTINCT username) AS distinct_users,
  list_sort(list(DISTINCT username) FILTER (username IS NOT NULL))[:20] AS users,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM requests
WHERE true
  AND ($since IS NULL OR (event_date >= CAST($since AS TIMESTAMP)::DATE AND event_time >= CAST($since AS TIMESTAMP)))
  AND ($until IS NULL OR (event_date <= CAST($until AS TIMESTAMP)::DATE AND event_time < CAST($until AS TIMESTAMP)))
GROUP BY user_agent
ORDER BY requests DESC, user_agent
LIMIT CAST($rows AS BIGINT)
