-- exposed: every read of secrets that succeeded for a group of a hunt's alerts within its periods. A null
-- secret is a list or watch without a name, a null namespace one of the whole cluster.
-- $past_from, $past_until  TIMESTAMP  what the periods lie within
-- $bucket                  BIGINT, µs: periods are cut by it, as the spans in detect/alerts.sql
-- periods                  see hunt_periods.sql
WITH pieces AS MATERIALIZED (
  SELECT
    periods.past_from, periods.past_to, groups.*,
    unnest(range(epoch_us(past_from) // $bucket, epoch_us(past_to) // $bucket + 1)) AS bucket
  FROM periods
  JOIN groups USING (group_id)
),

within AS (
  FROM requests_within($log_types, $past_from, $past_until, $users)
),

matched AS (
  FROM matches('within')
)

SELECT
  matches.cluster, nullif(matches.namespace, '') AS namespace, nullif(matches.name, '') AS secret,
  coalesce(matches.username, '<UNKNOWN_USER>') AS username, matches.verb, matches.request_uri, matches.event_time,
  matches.source_uri, matches.source_record
FROM counted('matched', $by, $secret_key, $include_system) AS matches
JOIN pieces
  ON pieces.exclusion IS NOT DISTINCT FROM matches.exclusion
  AND pieces.username_group IS NOT DISTINCT FROM matches.username_group
  AND pieces.effective_user_group IS NOT DISTINCT FROM matches.effective_user_group
  AND pieces.session_group IS NOT DISTINCT FROM matches.session_group
  AND pieces.cluster_group IS NOT DISTINCT FROM matches.cluster_group
  AND pieces.source_ip_group IS NOT DISTINCT FROM matches.source_ip_group
  AND pieces.user_agent_group IS NOT DISTINCT FROM matches.user_agent_group
  AND pieces.bucket = epoch_us(matches.event_time) // $bucket
  AND matches.event_time BETWEEN pieces.past_from AND pieces.past_to
WHERE matches.outcome = 'success' AND (matches.name <> '' OR matches.verb IN ('list', 'watch'));
