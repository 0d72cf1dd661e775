-- The alerts of a hunt with their evidence: every match of the group from one window before the
-- first breach to the last breach, put together here so that no list of reads leaves the engine.
-- $slices       BIGINT      slices of an alert's time, for each of which counts has the highest count
-- $bucket       BIGINT, µs  spans are cut by it, so that a read meets the few spans of its bucket
-- reads, kinds  see the files of these names
-- Reads are counted by kind first: strings are compared once for a kind, not once for a read.
WITH pieces AS MATERIALIZED (
  SELECT
    span_id, group_id, evidence_from, last_breach,
    unnest(range(epoch_us(evidence_from) // $bucket, epoch_us(last_breach) // $bucket + 1)) AS bucket
  FROM spans
),

evidence AS MATERIALIZED (
  SELECT span_id, reads, first_seen, last_seen, unnest(kind)
  FROM (
    SELECT
      pieces.span_id, reads.kind_id,
      count(*) AS reads, min(reads.event_time) AS first_seen, max(reads.event_time) AS last_seen
    FROM reads
    JOIN pieces
      ON pieces.group_id = reads.group_id
      AND pieces.bucket = epoch_us(reads.event_time) // $bucket
      AND reads.event_time BETWEEN pieces.evidence_from AND pieces.last_breach
    GROUP BY pieces.span_id, reads.kind_id
  )
  JOIN kinds USING (kind_id)
),

gathered AS (
  SELECT
    span_id,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    sum(reads)::BIGINT AS requests,
    coalesce(sum(reads) FILTER (WHERE outcome = 'success'), 0)::BIGINT AS succeeded,
    coalesce(sum(reads) FILTER (WHERE outcome = 'denied'), 0)::BIGINT AS denied,
    coalesce(sum(reads) FILTER (WHERE outcome = 'failed'), 0)::BIGINT AS failed,
    coalesce(sum(reads) FILTER (WHERE outcome NOT IN ('success', 'denied', 'failed')), 0)::BIGINT AS unknown,
    bool_or(username IS NULL) AS unknown_user,
    max(resource) AS resource,
    coalesce(sum(reads) FILTER (WHERE cluster_wide_list), 0)::BIGINT AS cluster_wide_lists,
    coalesce(sum(reads) FILTER (WHERE cluster_wide_list AND outcome = 'success'), 0)::BIGINT AS cluster_wide_lists_succeeded,
    coalesce(sum(reads) FILTER (WHERE namespace_list), 0)::BIGINT AS namespace_lists,
    coalesce(sum(reads) FILTER (WHERE namespace_list AND outcome = 'success'), 0)::BIGINT AS namespace_lists_succeeded
  FROM evidence
  GROUP BY span_id
),

-- Each value that an alert lists, once. By one GROUP BY of all: an aggregate with DISTINCT for each list in its place
-- becomes a GROUP BY and a join each (DuckDB 2.0), which took as long as the rest of this file together.
listed AS (
  SELECT span_id, entry.list AS list, entry.value AS value
  FROM (
    SELECT
      span_id,
      unnest(
        [
          {'list': 'secret_keys', 'value': secret_key},
          {'list': 'usernames', 'value': username},
          {'list': 'verbs', 'value': verb},
          {'list': 'namespaces', 'value': nullif(namespace, '')},
          {'list': 'secrets', 'value': secret},
          {'list': 'clusters', 'value': cluster},
          {'list': 'log_types', 'value': log_type},
          {'list': 'user_agents', 'value': user_agent},
          {'list': 'request_uris', 'value': nullif(request_uri, '')},
          {'list': 'response_codes', 'value': response_code::VARCHAR}
        ]
        || list_transform(coalesce(source_ips, []), lambda source_ip: {'list': 'source_ips', 'value': source_ip})
      ) AS entry
    FROM evidence
  )
  WHERE entry.value IS NOT NULL
  GROUP BY ALL
),

lists AS (
  SELECT
    span_id,
    count(*) FILTER (WHERE list = 'secret_keys') AS distinct_secrets,
    list(value) FILTER (WHERE list = 'usernames') AS usernames,
    list(value) FILTER (WHERE list = 'verbs') AS verbs,
    list(value) FILTER (WHERE list = 'namespaces') AS namespaces,
    list(value) FILTER (WHERE list = 'secrets') AS secrets,
    list(value) FILTER (WHERE list = 'clusters') AS clusters,
    list(value) FILTER (WHERE list = 'log_types') AS log_types,
    list(value) FILTER (WHERE list = 'source_ips') AS source_ips,
    list(value) FILTER (WHERE list = 'user_agents') AS user_agents,
    list(value) FILTER (WHERE list = 'request_uris') AS request_uris,
    list(value) FILTER (WHERE list = 'response_codes') AS response_codes
  FROM listed
  GROUP BY span_id
),

heights AS (
  SELECT
    pieces.span_id,
    (epoch_us(counts.event_time) - epoch_us(gathered.first_seen)) * $slices
      // (epoch_us(pieces.last_breach) - epoch_us(gathered.first_seen) + 1) AS slice,
    max(counts.distinct_secrets) AS height
  FROM counts
  JOIN pieces
    ON pieces.group_id = counts.group_id
    AND pieces.bucket = epoch_us(counts.event_time) // $bucket
  JOIN gathered
    ON gathered.span_id = pieces.span_id
    AND counts.event_time BETWEEN gathered.first_seen AND pieces.last_breach
  GROUP BY pieces.span_id, slice
),

grown AS (
  SELECT span_id, list(coalesce(height, 0) ORDER BY slice) AS heights
  FROM (SELECT span_id, unnest(range($slices)) AS slice FROM gathered)
  LEFT JOIN heights USING (span_id, slice)
  GROUP BY span_id
)

SELECT
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  crossed_at, first_seen, last_seen, continuing, peak_distinct, distinct_secrets,
  heights AS counts, requests, succeeded, denied, failed, unknown, unknown_user,
  list_sort(coalesce(usernames, [])) AS usernames,
  list_sort(coalesce(verbs, [])) AS verbs,
  list_sort(coalesce(namespaces, [])) AS namespaces,
  list_sort(coalesce(secrets, [])) AS secrets,
  list_sort(coalesce(clusters, [])) AS clusters,
  list_sort(coalesce(log_types, [])) AS log_types,
  list_sort(coalesce(source_ips, [])) AS source_ips,
  list_sort(coalesce(user_agents, [])) AS user_agents,
  list_sort(coalesce(request_uris, [])) AS request_uris,
  list_sort(coalesce(response_codes, [])::BIGINT[]) AS response_codes,
  resource, cluster_wide_lists, cluster_wide_lists_succeeded, namespace_lists, namespace_lists_succeeded
FROM gathered
JOIN lists USING (span_id)
JOIN grown USING (span_id)
JOIN spans USING (span_id)
JOIN groups USING (group_id)
ORDER BY
  crossed_at, username_group NULLS LAST, effective_user_group NULLS LAST, session_group NULLS LAST,
  cluster_group NULLS LAST, source_ip_group NULLS LAST, user_agent_group NULLS LAST;
