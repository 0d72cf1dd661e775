-- rotation: what must be rotated after all alerts of a hunt: one row for each secret that was read by name, or that a
-- list or watch returned. Of a list the lake knows no answer: it returned the secrets that had been touched
-- before it and not been deleted since.
-- $past_until  TIMESTAMP  after the last read
-- exposed      see hunt_exposed.sql
WITH scopes AS MATERIALIZED (
  SELECT row_number() OVER () AS scope, cluster, namespace, username
  FROM (SELECT DISTINCT cluster, namespace, username FROM exposed WHERE secret IS NULL)
),

lists AS MATERIALIZED (
  SELECT scope, event_time, min(request_uri) AS request_uri
  FROM exposed
  JOIN scopes
    ON scopes.cluster IS NOT DISTINCT FROM exposed.cluster
    AND scopes.namespace IS NOT DISTINCT FROM exposed.namespace
    AND scopes.username = exposed.username
  WHERE secret IS NULL
  GROUP BY scope, event_time
),

touches AS (
  SELECT
    cluster, namespace, coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name') AS secret,
    event_time, verb = 'delete' AS is_delete
  FROM requests
  WHERE EXISTS (SELECT 1 FROM scopes)
    AND resource = 'secrets'
    AND outcome = 'success'
    AND namespace <> ''
    AND event_time < $past_until
    AND event_date <= $past_until::DATE
),

-- Where a secret's life begins and ends: at one instant its deletion is taken for the later.
turns AS (
  SELECT cluster, namespace, secret, event_time, is_delete
  FROM touches
  WHERE secret <> ''
  QUALIFY is_delete IS DISTINCT FROM coalesce(
    lag(is_delete) OVER (PARTITION BY cluster, namespace, secret ORDER BY event_time, is_delete), true
  )
),

lives AS (
  SELECT
    cluster, namespace, secret, is_delete, event_time AS known_from,
    lead(event_time) OVER (PARTITION BY cluster, namespace, secret ORDER BY event_time, is_delete) AS gone_at
  FROM turns
),

listable AS (
  SELECT
    scopes.scope, scopes.username, scopes.namespace IS NULL AS is_cluster_wide,
    lives.cluster, lives.namespace, lives.secret, lives.known_from,
    coalesce(lives.gone_at, $past_until) AS gone_at
  FROM scopes
  JOIN lives
    ON lives.cluster IS NOT DISTINCT FROM scopes.cluster
    AND (scopes.namespace IS NULL OR scopes.namespace = lives.namespace)
  WHERE NOT lives.is_delete
),

-- The first list of a secret's life; the last is looked for below, from the other end.
listed AS (
  SELECT listable.*, lists.event_time AS first_list, lists.request_uri
  FROM listable
  ASOF JOIN lists
    ON lists.scope = listable.scope AND listable.known_from <= lists.event_time
  WHERE lists.event_time < listable.gone_at
),

seen AS (
  SELECT
    cluster, namespace, secret, 1 AS rank, username, event_time AS first_read, event_time AS last_read,
    NULL AS request_uri, NULL::TIMESTAMP AS known_from
  FROM exposed
  WHERE secret IS NOT NULL
  UNION ALL
  SELECT
    listed.cluster, listed.namespace, listed.secret, CASE WHEN is_cluster_wide THEN 3 ELSE 2 END, username,
    first_list, lists.event_time, listed.request_uri, known_from
  FROM listed
  ASOF JOIN lists
    ON lists.scope = listed.scope AND listed.gone_at > lists.event_time
)

SELECT
  cluster,
  namespace,
  secret,
  CASE min(rank) WHEN 1 THEN 'read' WHEN 2 THEN 'listed with its namespace' ELSE 'listed with the whole cluster' END
    AS how,
  min(first_read) AS first_read,
  max(last_read) AS last_read,
  count(*) FILTER (rank = 1) AS reads,
  count(DISTINCT username) AS readers,
  list_sort(list(DISTINCT username))[:20] AS usernames,
  arg_min(request_uri, {'t': first_read, 'u': request_uri}) FILTER (request_uri IS NOT NULL) AS request_uri,
  min(known_from) AS known_from
FROM seen
GROUP BY cluster, namespace, secret;
