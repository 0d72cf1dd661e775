-- matches: the requests that returned every secret of a cluster, with what they count as and whom they count for.
-- A row whose exclusion is not null is none of the rule's matches: it is kept for the summary,
-- which says what each exclusion removed.
-- relation        VARCHAR      the view to read: 'requests', or 'audit_events' where stages do no harm
-- log_types       VARCHAR[]    the rule's LogTypes
-- from_time, until_time  TIMESTAMP  the reads to take: from (inclusive) and until (exclusive)
-- users           VARCHAR[]    only these usernames, and the unknown; null for all
-- by_columns      VARCHAR[]    the columns to group by; the others are null in every row
-- key_mode        VARCHAR      see macros/secret_key.sql
-- include_system  BOOLEAN      whether system principals match
CREATE OR REPLACE TEMP MACRO matches(
  relation, log_types, from_time, until_time, users, by_columns, key_mode, include_system
) AS TABLE
WITH reads AS (
  SELECT *, CASE WHEN NOT include_system THEN system_principal(username) END AS exclusion
  FROM query_table(relation)
  WHERE resource = 'secrets'
    AND verb = 'list'
    AND (namespace = '' OR namespace IS NULL)
    AND outcome = 'success'
    AND (api_group = '' OR api_group IS NULL)
    AND (subresource = '' OR subresource IS NULL)
    AND event_time >= from_time AND event_time < until_time
    AND event_date >= from_time::DATE AND event_date <= until_time::DATE
    AND (users IS NULL OR username IS NULL OR list_contains(users, username))
    -- A join, as a filter on what is not in the key of requests makes its window sort (schema/latest.sql).
    AND log_type IN (SELECT unnest(log_types))
)
SELECT
  event_time, exclusion,
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
  impersonated_username IS NOT NULL AS impersonates,
  username, verb, namespace, name, cluster, log_type, source_ips, user_agent, request_uri, response_code,
  coalesce(outcome, 'unknown') AS outcome, resource,
  audit_id, source_uri, source_record, source_offset
FROM reads;
