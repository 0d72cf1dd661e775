-- The alerts of a hunt with the columns that tell which alert each is.
-- spans, groups  see detect/
SELECT
  span_id, crossed_at, evidence_from, last_breach,
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group
FROM spans
JOIN groups USING (group_id)
ORDER BY span_id;
