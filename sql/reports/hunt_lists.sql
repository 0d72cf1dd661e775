-- The lists and watches of all alerts that succeeded: each returned every secret of its scope, also those that
-- the lake does not know by name.
-- exposed  see hunt_exposed.sql
SELECT
  cluster,
  CASE WHEN namespace IS NULL THEN 'cluster' ELSE 'namespace' END AS scope,
  namespace,
  count(*) AS lists,
  min(event_time) AS first_list,
  max(event_time) AS last_list,
  count(DISTINCT username) AS readers,
  list_sort(list(DISTINCT username))[:20] AS usernames
FROM exposed
WHERE secret IS NULL
GROUP BY cluster, namespace
ORDER BY cluster NULLS LAST, scope, namespace NULLS LAST;
