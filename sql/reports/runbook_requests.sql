-- requests: what the runbooks of some users look at, as rows of the view of that name, in place of which this
-- is kept: all requests of these users; of the others the changes of roles and bindings, what was
-- tried without an identity, the reads of secrets that these users asked for too, and, where a list of theirs
-- succeeded, where the life of any secret of its cluster begins and ends.
-- $users         VARCHAR[]  the users
-- $unknown_user  BOOLEAN    whether records without a username are asked for too
-- $from          TIMESTAMP  the start of the first span of past hours, inclusive
-- $until         TIMESTAMP  the end of the last span that is looked at, inclusive
-- records_of_users          see runbook_records.sql
WITH own AS MATERIALIZED (
  SELECT *
  FROM cut.requests_of('records_of_users')
),

asked AS MATERIALIZED (
  SELECT DISTINCT cluster, namespace, name
  FROM own
  WHERE resource = 'secrets' AND name IS NOT NULL
),

listed AS MATERIALIZED (
  SELECT DISTINCT coalesce(cluster, '') AS cluster
  FROM own
  WHERE resource = 'secrets' AND name IS NULL AND verb IN ('list', 'watch') AND outcome = 'success'
),

records AS NOT MATERIALIZED (
  SELECT
    event_time, stage_time, event_date, cluster, audit_id, record_id, stage, verb, request_uri, user_agent, api_group,
    resource, subresource, namespace, name, username, source_ips, response_code, outcome, source_uri, source_record,
    CASE WHEN verb = 'create' OR resource <> 'secrets' THEN request_object END AS request_object,
    salvaged
  FROM audit_events
  WHERE event_time <= $until
    AND event_date <= $until::DATE
    AND CASE
      WHEN username IS NULL THEN NOT $unknown_user
      ELSE username NOT IN (SELECT unnest($users::VARCHAR[]))
    END
),

-- Scan by scan, as row groups are skipped by each filter alone and not by all of them. A record may be found twice:
-- the stages of requests are told apart afterwards. A stage that was cut may have lost the name that another has.
of_others AS (
  -- Spans of names hold no others of Kubernetes; unlike IN, DuckDB 2.0 looks at them before it reads the other columns.
  SELECT *
  FROM records
  WHERE resource BETWEEN 'clusterrolebindings' AND 'clusterroles' AND verb NOT IN ('get', 'list', 'watch')
  UNION ALL
  SELECT *
  FROM records
  WHERE resource BETWEEN 'rolebindings' AND 'roles' AND verb NOT IN ('get', 'list', 'watch')
  UNION ALL
  SELECT *
  FROM records
  WHERE event_time >= $from
    AND event_date >= $from::DATE
    AND (username = 'system:anonymous' OR username IS NULL)
  UNION ALL
  SELECT *
  FROM records
  WHERE resource = 'secrets'
    AND namespace IN (SELECT namespace FROM asked)
    AND name IN (SELECT name FROM asked)
  UNION ALL
  SELECT *
  FROM records
  WHERE resource = 'secrets' AND namespace IS NULL AND name IN (SELECT name FROM asked)
  UNION ALL
  SELECT *
  FROM records
  WHERE resource = 'secrets' AND name IS NULL AND salvaged
  UNION ALL
  SELECT *
  FROM records
  WHERE resource = 'secrets' AND coalesce(cluster, '') IN (SELECT cluster FROM listed)
),

latest AS MATERIALIZED (
  SELECT *
  FROM cut.requests_of('of_others')
),

-- As rules/kubernetes.bulk_secret_access/runbook/4_1_rotate.sql tells a secret's life, these users' part in it too.
turns AS (
  SELECT source_uri, source_record
  FROM (
    SELECT * FROM latest
    UNION ALL BY NAME
    SELECT * FROM own
  )
  WHERE resource = 'secrets' AND outcome = 'success' AND EXISTS (SELECT 1 FROM listed)
  QUALIFY (verb = 'delete') IS DISTINCT FROM coalesce(
    lag(verb = 'delete') OVER (
      PARTITION BY cluster, namespace, coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name')
      ORDER BY event_time, verb = 'delete'
    ),
    true
  )
)

SELECT * FROM own
UNION ALL BY NAME
SELECT *
FROM latest
WHERE resource IS DISTINCT FROM 'secrets'
  OR username IS NULL OR username = 'system:anonymous'
  OR (verb IN ('get', 'list', 'watch') AND (cluster, namespace, name) IN (SELECT (cluster, namespace, name) FROM asked))
  OR (source_uri, source_record) IN (SELECT (source_uri, source_record) FROM turns)
ORDER BY username, event_time;
