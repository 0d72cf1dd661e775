-- How a counted read's secret is shown: cluster/namespace/name, and verb:cluster/namespace/* for
-- a list or watch without a name; with the key 'name' the key itself. An unknown cluster is left out.
CREATE MACRO secret_label(mode, verb, cluster, namespace, name, request_uri) AS CASE
  WHEN mode = 'name' THEN secret_key(mode, verb, cluster, namespace, name, request_uri)
  WHEN name <> '' THEN concat_ws('/', cluster, nullif(namespace, ''), name)
  WHEN verb IN ('list', 'watch') THEN verb || ':' || concat_ws('/', cluster, nullif(namespace, ''), '*')
END;
