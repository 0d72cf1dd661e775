-- counted: what the matches of a rule count as, and whom they count for; with the columns of matches.sql.
-- A row whose exclusion is not null is none of the rule's matches: it is kept for the summary,
-- which says what each exclusion removed.
-- relation        VARCHAR    where the matches stand: each by itself, or one row per kind of them, without the columns
--                            that each has for itself
-- by_columns      VARCHAR[]  the columns to group by; the others are null in every row
-- key_mode        VARCHAR    see macros/secret_key.sql
-- include_system  BOOLEAN    whether system principals match
CREATE OR REPLACE TEMP MACRO counted(relation, by_columns, key_mode, include_system) AS TABLE
WITH matched AS (
  SELECT *, CASE WHEN NOT include_system THEN system_principal(username) END AS exclusion
  FROM query_table(relation)
)
SELECT
  *,
  -- What is excluded is excluded by its username, and is summed up by it whatever the grouping.
  CASE WHEN exclusion IS NOT NULL OR list_contains(by_columns, 'username') THEN username END AS username_group,
  CASE WHEN exclusion IS NULL AND list_contains(by_columns, 'effective_user')
    THEN effective_user(username, impersonated_username) END AS effective_user_group,
  CASE WHEN exclusion IS NULL AND list_contains(by_columns, 'session')
    THEN session(username, user_extra) END AS session_group,
  CASE WHEN exclusion IS NULL AND list_contains(by_columns, 'cluster') THEN cluster END AS cluster_group,
  CASE WHEN exclusion IS NULL AND list_contains(by_columns, 'source_ip') THEN source_ip(source_ips) END AS source_ip_group,
  CASE WHEN exclusion IS NULL AND list_contains(by_columns, 'user_agent') THEN user_agent END AS user_agent_group,
  secret_key(key_mode, verb, cluster, namespace, name, request_uri) AS secret_key,
  secret_label(key_mode, verb, cluster, namespace, name, request_uri) AS secret,
  verb = 'list' AND coalesce(name, '') = '' AND coalesce(namespace, '') = '' AS cluster_wide_list,
  verb = 'list' AND coalesce(name, '') = '' AND namespace <> '' AS namespace_list,
  impersonated_username IS NOT NULL AS impersonates
FROM matched;
