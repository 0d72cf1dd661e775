-- portion: what the rule matches in a part of the hunt's time, those of excluded principals too: one row per kind
-- of read, with the times of its reads. An agent that reads the same secrets all day makes few kinds.
-- What is one for each read (audit_id, its place in its source) is read again for the alert that is looked at.
-- $portion_from, $portion_until  TIMESTAMP  from (inclusive) and until (exclusive)
-- $numbered                      BIGINT     the highest number that a kind has so far
-- What reads count as is asked of kinds, not of each read: half of a hunt's reading was spent on it.
WITH within AS (
  FROM requests_within($log_types, $portion_from, $portion_until, NULL::VARCHAR[])
),

matched AS (
  SELECT * EXCLUDE (event_time, audit_id, source_uri, source_record, source_offset), list(event_time) AS times
  FROM matches('within')
  GROUP BY ALL
)

SELECT
  ($numbered + row_number() OVER ())::INTEGER AS kind_id,
  {
    'exclusion': exclusion,
    'username_group': username_group,
    'effective_user_group': effective_user_group,
    'session_group': session_group,
    'cluster_group': cluster_group,
    'source_ip_group': source_ip_group,
    'user_agent_group': user_agent_group,
    'secret_key': secret_key,
    'secret': secret,
    'cluster_wide_list': cluster_wide_list,
    'namespace_list': namespace_list,
    'impersonates': impersonates,
    'username': username,
    'verb': verb,
    'namespace': namespace,
    'name': name,
    'cluster': cluster,
    'log_type': log_type,
    'source_ips': source_ips,
    'user_agent': user_agent,
    'request_uri': request_uri,
    'response_code': response_code,
    'outcome': outcome,
    'resource': resource
  } AS kind,
  times
-- Kinds that differ only in what is not asked for any more become one here. Columns are grouped and become a struct
-- afterwards: to group by the struct took a tenth longer.
FROM (
  SELECT
    exclusion,
    username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
    secret_key, secret, cluster_wide_list, namespace_list, impersonates,
    username, verb, namespace, name, cluster, log_type, source_ips, user_agent, request_uri, response_code, outcome, resource,
    flatten(list(times)) AS times
  FROM counted('matched', $by, $secret_key, $include_system)
  GROUP BY ALL
);
