-- The distinct values that the patterns of an allow-list are tried on, numbered.
-- $allow_fields  VARCHAR[]  the fields that an entry names; of the others nothing is read
-- kinds          see detect/kinds.sql
WITH sets AS (
  SELECT username, namespace, secret, user_agent, cluster, source_ip
  FROM (
    SELECT
      CASE WHEN list_contains($allow_fields, 'username') THEN username END AS username,
      CASE WHEN list_contains($allow_fields, 'namespace') THEN namespace END AS namespace,
      CASE WHEN list_contains($allow_fields, 'secret') THEN name END AS secret,
      CASE WHEN list_contains($allow_fields, 'user_agent') THEN user_agent END AS user_agent,
      CASE WHEN list_contains($allow_fields, 'cluster') THEN cluster END AS cluster,
      CASE WHEN list_contains($allow_fields, 'source_ip') THEN source_ip(source_ips) END AS source_ip
    FROM (SELECT unnest(kind) FROM kinds)
    WHERE exclusion IS NULL
  )
  GROUP BY GROUPING SETS ((username), (namespace), (secret), (user_agent), (cluster), (source_ip))
)

-- One column of a row is not null, the one it is grouped by; a null value is matched by no pattern.
SELECT row_number() OVER () AS value_id, field, value
FROM (UNPIVOT sets ON username, namespace, secret, user_agent, cluster, source_ip INTO NAME field VALUE value);
