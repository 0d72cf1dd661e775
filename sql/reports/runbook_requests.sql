-- requests: what the runbooks of some users look at, as rows of the view of that name, in place of which this
-- is kept: all requests of these users; of the others the changes of roles and bindings, what was
-- tried without an identity, the reads of secrets that these users asked for too, and where the
-- life of any secret begins and ends. Bodies are kept where a section reads them.
-- $users         VARCHAR[]  the users
-- $unknown_user  BOOLEAN    whether records without a username are asked for too
-- $until         TIMESTAMP  the end of the last span that is looked at, inclusive
WITH users AS (
  SELECT DISTINCT unnest($users::VARCHAR[]) AS known
),

records AS (
  SELECT
    audit_events.* REPLACE (
      NULL::VARCHAR AS annotations,
      NULL::VARCHAR AS response_object,
      CASE
        WHEN users.known IS NOT NULL OR username IS NULL OR verb = 'create' OR resource <> 'secrets'
        THEN request_object
      END AS request_object
    ),
    users.known IS NOT NULL OR (username IS NULL AND $unknown_user) AS is_own
  FROM audit_events
  LEFT JOIN users ON users.known = audit_events.username
  WHERE event_time <= $until
    AND event_date <= $until::DATE
    AND (
      users.known IS NOT NULL OR username IS NULL OR username = 'system:anonymous' OR response_code = 401
      OR resource = 'secrets'
      OR (
        resource IN ('roles', 'clusterroles', 'rolebindings', 'clusterrolebindings')
        AND verb NOT IN ('get', 'list', 'watch')
      )
    )
),

latest AS MATERIALIZED (
  SELECT *
  FROM cut.requests_of('records')
),

asked AS (
  SELECT DISTINCT to_json([cluster, namespace, name])::VARCHAR AS secret
  FROM latest
  WHERE is_own AND resource = 'secrets' AND name IS NOT NULL
),

-- As rules/kubernetes.bulk_secret_access/runbook/4_1_rotate.sql tells a secret's life.
marked AS (
  SELECT
    *,
    resource = 'secrets' AND outcome = 'success' AND (verb = 'delete') IS DISTINCT FROM coalesce(
      lag(verb = 'delete') OVER (
        PARTITION BY
          resource = 'secrets' AND outcome = 'success', cluster, namespace,
          coalesce(name, TRY_CAST(request_object AS JSON) ->> '$.metadata.name')
        ORDER BY event_time, verb = 'delete'
      ),
      true
    ) AS is_turn
  FROM latest
)

SELECT * EXCLUDE (is_own, is_turn)
FROM marked
WHERE is_own
  OR resource IS DISTINCT FROM 'secrets'
  OR username IS NULL OR username = 'system:anonymous' OR response_code = 401
  OR is_turn
  OR (
    name IS NOT NULL AND verb IN ('get', 'list', 'watch')
    AND to_json([cluster, namespace, name])::VARCHAR IN (FROM asked)
  )
ORDER BY username, event_time;
