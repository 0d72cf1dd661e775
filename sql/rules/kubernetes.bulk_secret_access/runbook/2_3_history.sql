-- title: The user's history before the alert
-- question: Has this user read this many secrets before, and how far back do the logs go?
-- param username VARCHAR: the user; null for records without a username
-- param history_to TIMESTAMP: where the history ends: the alert's first evidence or its span's start, exclusive
-- param secret_key VARCHAR: how secrets are told apart, qualified or name
-- param threshold BIGINT: distinct secrets that make a breach
-- param window_microseconds BIGINT: the hunt's window
-- column history_from: the lake's first record; nothing is known from before it
-- column history_days: UTC days from the lake's first record to the end of the history
-- column days_at_threshold: earlier days on which the user read at least the threshold of distinct secrets
-- column peak_in_window: the most distinct secrets in any earlier window
WITH lake AS (
  SELECT min(event_time) AS history_from
  FROM audit_events
  -- Not the least date, for which every file would be opened.
  WHERE event_date = (SELECT event_date FROM audit_events ORDER BY event_date LIMIT 1)
   AND event_time < CAST($history_to AS TIMESTAMP)
),
past AS (
  SELECT event_time, event_date, outcome,
    resource = 'secrets' AND coalesce(subresource, '') = '' AND verb IN ('get', 'list', 'watch') AS is_read,
    secret_key($secret_key, verb, cluster, namespace, name, request_uri) AS key
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date <= CAST($history_to AS TIMESTAMP)::DATE
   AND event_time < CAST($history_to AS TIMESTAMP)
),
reads AS (
  SELECT event_time, event_date, key FROM past WHERE is_read AND key IS NOT NULL
),
days AS (
  SELECT event_date, count(DISTINCT key) AS secrets FROM reads GROUP BY event_date
),
windows AS (
  SELECT event_time, count(DISTINCT key) OVER (
    ORDER BY event_time
    RANGE BETWEEN to_microseconds(CAST($window_microseconds AS BIGINT)) PRECEDING AND CURRENT ROW
  ) AS secrets
  FROM reads
)
SELECT
  (SELECT history_from FROM lake) AS history_from,
  CAST($history_to AS TIMESTAMP) AS history_to,
  coalesce((SELECT date_diff('day', history_from::DATE, CAST($history_to AS TIMESTAMP)::DATE) + 1 FROM lake), 0)
    AS history_days,
  (SELECT min(event_time) FROM past) AS user_first_seen,
  (SELECT count(DISTINCT event_date) FROM past) AS days_seen,
  (SELECT count(*) FROM past) AS requests,
  (SELECT count(*) FROM past WHERE is_read) AS secret_reads,
  (SELECT count(DISTINCT key) FROM reads) AS distinct_secrets,
  (SELECT count(*) FROM days) AS days_reading_secrets,
  (SELECT count(*) FROM days WHERE secrets >= CAST($threshold AS BIGINT)) AS days_at_threshold,
  coalesce((SELECT max(secrets) FROM days), 0) AS highest_day_count,
  (SELECT max(event_date) FROM days WHERE secrets = (SELECT max(secrets) FROM days)) AS highest_day,
  coalesce((SELECT max(secrets) FROM windows), 0) AS peak_in_window,
  (SELECT max(event_time) FROM windows WHERE secrets = (SELECT max(secrets) FROM windows)) AS peak_at
ORDER BY history_to
