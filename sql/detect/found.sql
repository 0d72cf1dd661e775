-- found: the requests of a hunt that read secrets, with what they count as and for whom; those of
-- excluded principals too. The lake is read once for it, and what follows reads this table.
SELECT
  event_time, exclusion,
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  secret_key, cluster_wide_list, impersonates, username, outcome
FROM matches('requests', $log_types, $from, $until, NULL::VARCHAR[], $by, $secret_key, $include_system);
