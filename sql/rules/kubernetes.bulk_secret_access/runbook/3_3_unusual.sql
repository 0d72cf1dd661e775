-- title: Access that is unusual for this user
-- question: What did the user do, where, from where and with what, for the first time in the past hours?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param crossed_at TIMESTAMP: when the threshold was reached
-- column technique: MITRE ATT&CK
-- column kind: resource and verb, namespace, address or user agent, each never seen with this user before
-- column before_crossing: requests that lie before crossed_at
-- column history_requests: requests of the user before the past hours; with 0 everything is new
WITH calls AS (
  SELECT
    event_time, outcome, cluster,
    event_time >= CAST($past_from AS TIMESTAMP) AS is_past,
    unnest([
      {'technique': 'T1613', 'kind': 'resource and verb',
      'value': concat_ws(' ', verb, concat_ws('/', resource, subresource))},
      {'technique': 'T1613', 'kind': 'namespace', 'value': namespace},
      {'technique': 'T1078', 'kind': 'address', 'value': source_ips[-1]},
      {'technique': 'T1078', 'kind': 'user agent', 'value': user_agent}
    ]) AS fact
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date <= CAST($past_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($past_to AS TIMESTAMP)
)
SELECT
  fact.technique AS technique,
  fact.kind AS kind,
  fact.value AS value,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  count(*) AS requests,
  count(*) FILTER (event_time < CAST($crossed_at AS TIMESTAMP)) AS before_crossing,
  count(*) FILTER (outcome = 'success') AS succeeded,
  count(*) FILTER (outcome = 'denied') AS denied,
  count(*) FILTER (outcome = 'failed') AS failed,
  count(*) FILTER (outcome = 'unknown') AS unknown,
  list_sort(list(DISTINCT cluster) FILTER (cluster IS NOT NULL)) AS clusters,
  (SELECT count(*) FROM calls WHERE NOT is_past AND fact.kind = 'resource and verb') AS history_requests
FROM calls
WHERE fact.value IS NOT NULL AND fact.value <> ''
GROUP BY fact.technique, fact.kind, fact.value
HAVING bool_and(is_past)
ORDER BY kind, first_seen, value
