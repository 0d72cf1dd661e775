-- The requests of one alert: every match of its group from one window before the first breach to
-- the last breach, as detect/alerts.sql gathers them for all alerts.
-- $span_id                         BIGINT     the alert in spans
-- $evidence_from, $evidence_until  TIMESTAMP  what its evidence lies within
WITH within AS (
  FROM requests_within($log_types, $evidence_from, $evidence_until, $users)
),

matched AS (
  FROM matches('within')
)

SELECT matches.* EXCLUDE (
  user_extra, impersonated_username,
  exclusion, username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group
)
FROM counted('matched', $by, $secret_key, $include_system) AS matches
JOIN groups
  ON groups.exclusion IS NOT DISTINCT FROM matches.exclusion
  AND groups.username_group IS NOT DISTINCT FROM matches.username_group
  AND groups.effective_user_group IS NOT DISTINCT FROM matches.effective_user_group
  AND groups.session_group IS NOT DISTINCT FROM matches.session_group
  AND groups.cluster_group IS NOT DISTINCT FROM matches.cluster_group
  AND groups.source_ip_group IS NOT DISTINCT FROM matches.source_ip_group
  AND groups.user_agent_group IS NOT DISTINCT FROM matches.user_agent_group
JOIN spans
  ON spans.group_id = groups.group_id
  AND matches.event_time BETWEEN spans.evidence_from AND spans.last_breach
WHERE spans.span_id = $span_id;
