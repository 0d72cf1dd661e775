-- The alerts that no breach of the second run falls into, with the entries that did it.
-- $threshold  BIGINT
-- counts      of the second run, over the touched groups
-- An instant of the second run counts at most what it counted in the first, so that each of its
-- breaches lies within the last alert that began before it, or before $since.
WITH breached AS (
  SELECT DISTINCT spans.span_id
  FROM counts
  ASOF JOIN spans ON spans.group_id = counts.group_id AND counts.event_time >= spans.crossed_at
  WHERE counts.distinct_secrets >= $threshold AND counts.event_time <= spans.last_breach
)

SELECT
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  crossed_at, mask::VARCHAR AS mask
FROM spans
JOIN touched USING (group_id)
JOIN groups USING (group_id)
JOIN allow_named USING (span_id)
WHERE span_id NOT IN (SELECT span_id FROM breached)
ORDER BY
  crossed_at, username_group NULLS LAST, effective_user_group NULLS LAST, session_group NULLS LAST,
  cluster_group NULLS LAST, source_ip_group NULLS LAST, user_agent_group NULLS LAST;
