-- title: Signs for and against
-- question: What speaks for an attack, what for routine, and what does each rest on?
-- param username VARCHAR: the user; null for records without a username
-- param around_from TIMESTAMP: start of the span around the alert, inclusive
-- param around_to TIMESTAMP: end of the span around the alert, inclusive
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- param history_to TIMESTAMP: where the history ends, exclusive
-- param secret_key VARCHAR: how secrets are told apart, qualified or name
-- param threshold BIGINT: distinct secrets that make a breach
-- param window_microseconds BIGINT: the hunt's window
-- column points_to: attack, routine, or nothing where the number proves neither
-- column number: what the sign rests on
-- column out_of: the whole that number is a part of; null where there is none
WITH calls AS (
  SELECT *,
    event_time >= CAST($around_from AS TIMESTAMP) AS is_around,
    event_time < CAST($history_to AS TIMESTAMP) AS is_history,
    source_ips[-1] AS source_ip,
    resource = 'secrets' AND coalesce(subresource, '') = '' AND verb IN ('get', 'list', 'watch') AS is_read,
    secret_key($secret_key, verb, cluster, namespace, name, request_uri) AS key
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date <= greatest(CAST($around_to AS TIMESTAMP), CAST($past_to AS TIMESTAMP))::DATE
   AND event_time <= greatest(CAST($around_to AS TIMESTAMP), CAST($past_to AS TIMESTAMP))
),
lake AS (
  SELECT coalesce(date_diff('day', min(event_time)::DATE, CAST($history_to AS TIMESTAMP)::DATE) + 1, 0) AS days
  FROM audit_events
  -- Not the least date, for which every file would be opened.
  WHERE event_date = (SELECT event_date FROM audit_events ORDER BY event_date LIMIT 1)
   AND event_time < CAST($history_to AS TIMESTAMP)
),
around AS (
  SELECT * FROM calls WHERE is_around AND event_time <= CAST($around_to AS TIMESTAMP)
),
history AS (
  SELECT * FROM calls WHERE is_history
),
history_reads AS (
  SELECT event_time, event_date, key FROM history WHERE is_read AND key IS NOT NULL
),
history_windows AS (
  SELECT count(DISTINCT key) OVER (
    ORDER BY event_time
    RANGE BETWEEN to_microseconds(CAST($window_microseconds AS BIGINT)) PRECEDING AND CURRENT ROW
  ) AS secrets
  FROM history_reads
),
history_days AS (
  SELECT event_date, count(DISTINCT key) AS secrets FROM history_reads GROUP BY event_date
),
-- as 2_2_authorization.sql reads them
bindings AS (
  SELECT DISTINCT json_array(cluster, coalesce(nullif(regexp_extract(authz_reason, 'RoleBinding "[^"/]*/([^"]*)"', 1), ''), ''),
    lower(regexp_extract(authz_reason, 'by (ClusterRoleBinding|RoleBinding) "', 1)) || 's',
    regexp_extract(authz_reason, 'Binding "([^"/]*)', 1)) AS binding
  FROM around
  WHERE is_read AND contains(authz_reason, 'Binding "')
),
numbers AS (
  SELECT
    (SELECT days FROM lake) AS days,
    (SELECT count(DISTINCT event_date) FROM history) AS user_days,
    (SELECT count(*) FROM history_days WHERE secrets >= CAST($threshold AS BIGINT)) AS heavy_days,
    (SELECT coalesce(max(secrets), 0) FROM history_windows) AS peak,
    (SELECT count(*) FROM around WHERE is_read) AS reads,
    (SELECT count(*) FROM around WHERE is_read AND outcome = 'success') AS succeeded,
    (SELECT count(*) FROM around WHERE is_read AND outcome = 'denied') AS denied,
    (SELECT count(DISTINCT key) FROM around WHERE is_read) AS keys,
    (SELECT count(DISTINCT key) FROM around WHERE is_read
      AND key NOT IN (SELECT key FROM history_reads)) AS new_keys,
    (SELECT count(DISTINCT key) FROM around WHERE is_read
      AND starts_with(name, 'sh.helm.release.v1.')) AS helm_keys,
    (SELECT count(DISTINCT namespace) FROM around WHERE is_read) AS namespaces,
    (SELECT count(DISTINCT namespace) FROM around WHERE is_read AND namespace IS NOT NULL
      AND namespace NOT IN (SELECT namespace FROM history WHERE is_read AND namespace IS NOT NULL))
      AS new_namespaces,
    (SELECT count(DISTINCT user_agent) FROM around WHERE is_read) AS agents,
    (SELECT count(DISTINCT user_agent) FROM around WHERE is_read AND user_agent IS NOT NULL
      AND user_agent NOT IN (SELECT user_agent FROM history WHERE user_agent IS NOT NULL)) AS new_agents,
    (SELECT count(DISTINCT source_ip) FROM around WHERE is_read) AS addresses,
    (SELECT count(DISTINCT source_ip) FROM around WHERE is_read AND source_ip IS NOT NULL
      AND source_ip NOT IN (SELECT source_ip FROM history WHERE source_ip IS NOT NULL)) AS new_addresses,
    (SELECT count(*) FROM around WHERE is_read AND outcome = 'success' AND name IS NULL AND verb <> 'get'
      AND coalesce(namespace, '') = '') AS cluster_lists,
    (SELECT count(*) FROM around WHERE is_read AND impersonated_username IS NOT NULL) AS impersonated,
    (SELECT count(*) FROM around WHERE is_read AND starts_with(username, 'system:serviceaccount:')
      AND regexp_matches(user_agent, '^(kubectl|curl|python|Wget|Mozilla|oc|k9s|Lens|Go-http-client|okhttp)[/ -]'))
      AS token_by_hand,
    (SELECT count(*) FROM calls
      WHERE event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
       AND len(activities(verb, resource, subresource, name, username, impersonated_username, request_object,
         response_status)) > 0) AS escalations,
    (SELECT count(*) FROM requests
      WHERE resource IN ('rolebindings', 'clusterrolebindings')
       AND verb IN ('create', 'update', 'patch')
       AND outcome = 'success'
       AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
       AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
       AND json_array(cluster, coalesce(namespace, ''), resource,
         coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name')) IN (SELECT binding FROM bindings))
      AS binding_changes
),
signs AS (
  SELECT unnest([
    {'rank': 1, 'points_to': CASE WHEN reads > 0 AND denied * 2 >= reads THEN 'attack' ELSE 'nothing' END,
    'sign': 'reads of secrets that were denied', 'number': denied, 'out_of': reads},
    {'rank': 2, 'points_to': 'nothing',
    'sign': 'reads of secrets that succeeded: what was read is known to the reader',
    'number': succeeded, 'out_of': reads},
    {'rank': 3, 'points_to': CASE WHEN cluster_lists > 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'cluster-wide lists that succeeded: each returns every secret',
    'number': cluster_lists, 'out_of': reads},
    {'rank': 4, 'points_to': CASE WHEN NOT is_known THEN 'nothing' WHEN new_keys * 2 > keys THEN 'attack'
      WHEN keys > 0 AND new_keys = 0 THEN 'routine' ELSE 'nothing' END,
    'sign': 'secrets the user never read before', 'number': new_keys, 'out_of': keys},
    {'rank': 5, 'points_to': CASE WHEN NOT is_known THEN 'nothing' WHEN new_namespaces > 0 THEN 'attack'
      WHEN namespaces > 0 THEN 'routine' ELSE 'nothing' END,
    'sign': 'namespaces in which the user never read secrets before',
    'number': new_namespaces, 'out_of': namespaces},
    {'rank': 6, 'points_to': CASE WHEN NOT is_known THEN 'nothing' WHEN new_agents > 0 THEN 'attack'
      WHEN agents > 0 THEN 'routine' ELSE 'nothing' END,
    'sign': 'user agents never seen with this user before', 'number': new_agents, 'out_of': agents},
    {'rank': 7, 'points_to': CASE WHEN NOT is_known THEN 'nothing' WHEN new_addresses > 0 THEN 'attack'
      WHEN addresses > 0 THEN 'routine' ELSE 'nothing' END,
    'sign': 'addresses never seen with this user before', 'number': new_addresses, 'out_of': addresses},
    {'rank': 8, 'points_to': CASE WHEN heavy_days >= 2 THEN 'routine'
      WHEN user_days >= 7 AND heavy_days = 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'earlier days on which the user read at least the threshold of distinct secrets',
    'number': heavy_days, 'out_of': user_days},
    {'rank': 9, 'points_to': CASE WHEN days >= 7 AND user_days = 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'earlier days on which the user was seen at all', 'number': user_days, 'out_of': days},
    {'rank': 10, 'points_to': CASE WHEN peak >= CAST($threshold AS BIGINT) THEN 'routine'
      WHEN user_days >= 7 THEN 'attack' ELSE 'nothing' END,
    'sign': 'the most distinct secrets in any earlier window; out of what was read around the alert',
    'number': peak, 'out_of': keys},
    {'rank': 11, 'points_to': CASE WHEN keys > 0 AND helm_keys * 2 >= keys THEN 'routine' ELSE 'nothing' END,
    'sign': 'secrets that are Helm releases', 'number': helm_keys, 'out_of': keys},
    {'rank': 12, 'points_to': CASE WHEN impersonated > 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'reads made while impersonating somebody', 'number': impersonated, 'out_of': reads},
    {'rank': 13, 'points_to': CASE WHEN token_by_hand > 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'reads with a service account token by a client that people use',
    'number': token_by_hand, 'out_of': reads},
    {'rank': 14, 'points_to': CASE WHEN escalations > 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'requests in the past hours that step 3 finds suspicious', 'number': escalations,
    'out_of': NULL::BIGINT},
    {'rank': 15, 'points_to': CASE WHEN binding_changes > 0 THEN 'attack' ELSE 'nothing' END,
    'sign': 'changes in the past hours, by anybody, of bindings that allowed the reads', 'number': binding_changes,
    'out_of': NULL::BIGINT},
    {'rank': 16, 'points_to': 'nothing',
    'sign': CASE WHEN days < 7 THEN 'days of logs before the alert: too few to call anything new or unusual'
      ELSE 'days of logs before the alert; out_of counts the days with this user' END,
    'number': days, 'out_of': user_days}
  ]) AS s
  FROM (SELECT *, days >= 7 AND user_days > 0 AS is_known FROM numbers)
)
SELECT s.points_to AS points_to, s.sign AS sign, s.number AS number, s.out_of AS out_of
FROM signs
ORDER BY s.rank
