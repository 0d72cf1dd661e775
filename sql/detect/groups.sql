-- The distinct groups of a hunt, numbered as the keys are, and with whether anybody in it impersonated.
-- kinds  see kinds.sql
SELECT
  (row_number() OVER ())::INTEGER AS group_id, exclusion,
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  impersonated
FROM (
  SELECT
    exclusion, username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
    bool_or(impersonates) AS impersonated
  FROM (SELECT unnest(kind) FROM kinds)
  GROUP BY ALL
);
