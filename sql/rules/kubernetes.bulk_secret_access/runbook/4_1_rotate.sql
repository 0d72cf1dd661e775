-- title: Secrets to rotate
-- question: Which secrets did the user get to see?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- column how: read (by name), or through a list of the namespace or of the whole cluster; read wins
-- column request_uri: the first list's URI: selectors and limits may have kept the secret out of its answer
-- column known_from: for a listed secret, the first time the lake knows it to exist
WITH mine AS (
  SELECT cluster, namespace, name, verb, request_uri, event_time, source_uri, source_record
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
   AND resource = 'secrets'
   AND verb IN ('get', 'list', 'watch')
   AND outcome = 'success'
),
lists AS (
  SELECT cluster, nullif(namespace, '') AS namespace, event_time, request_uri, source_uri, source_record
  FROM mine
  WHERE name IS NULL AND verb IN ('list', 'watch')
),
touches AS (
  SELECT cluster, namespace, coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name') AS name,
    verb = 'delete' AS is_delete, event_time
  FROM requests
  WHERE EXISTS (SELECT 1 FROM lists)
   AND resource = 'secrets'
   AND outcome = 'success'
   AND namespace IS NOT NULL
   AND event_date <= CAST($past_to AS TIMESTAMP)::DATE
   AND event_time <= CAST($past_to AS TIMESTAMP)
),
-- where a secret's life begins and ends; at one instant its deletion is taken for the later
turns AS (
  SELECT *
  FROM touches
  WHERE name IS NOT NULL
  QUALIFY is_delete IS DISTINCT FROM coalesce(
    lag(is_delete) OVER (PARTITION BY cluster, namespace, name ORDER BY event_time, is_delete), true)
),
lives AS (
  SELECT cluster, namespace, name, is_delete, event_time AS known_from,
    lead(event_time) OVER (PARTITION BY cluster, namespace, name ORDER BY event_time, is_delete) AS gone_at
  FROM turns
),
standing AS (
  SELECT l.event_time AS listed_at, l.request_uri, l.namespace IS NULL AS is_cluster_wide, l.source_uri,
    l.source_record, s.cluster, s.namespace, s.name, s.known_from
  FROM lists l
  JOIN lives s
    ON s.cluster IS NOT DISTINCT FROM l.cluster
   AND (l.namespace IS NULL OR s.namespace = l.namespace)
   AND s.known_from <= l.event_time
   AND (s.gone_at IS NULL OR s.gone_at > l.event_time)
  WHERE NOT s.is_delete
),
seen AS (
  SELECT cluster, namespace, name, 1 AS rank, event_time, NULL AS request_uri, source_uri, source_record,
    NULL::TIMESTAMP AS known_from
  FROM mine
  WHERE name IS NOT NULL
  UNION ALL
  SELECT cluster, namespace, name, CASE WHEN is_cluster_wide THEN 3 ELSE 2 END, listed_at, request_uri,
    source_uri, source_record, known_from
  FROM standing
)
SELECT
  cluster,
  namespace,
  name AS secret,
  CASE min(rank) WHEN 1 THEN 'read' WHEN 2 THEN 'listed with its namespace' ELSE 'listed with the whole cluster' END
    AS how,
  min(event_time) AS first_read,
  max(event_time) AS last_read,
  count(*) FILTER (rank = 1) AS reads,
  count(*) FILTER (rank > 1) AS lists,
  arg_min(request_uri, {'t': event_time, 'u': source_uri, 'r': source_record}) FILTER (request_uri IS NOT NULL)
    AS request_uri,
  min(known_from) AS known_from
FROM seen
GROUP BY cluster, namespace, name
ORDER BY cluster, namespace, secret
