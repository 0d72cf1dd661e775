-- What a read of secrets counts as: reads with one key are one secret. Null counts for nothing.
-- mode  'qualified': the JSON array of [cluster, namespace, name]; for a list or watch without a
--       name of [verb, cluster, namespace], and of [verb, cluster] for the whole cluster
--       'name': the name; for a list or watch without one verb:namespace, else verb:requestURI, else verb
CREATE MACRO secret_key(mode, verb, cluster, namespace, name, request_uri) AS CASE
  WHEN mode = 'qualified' THEN CASE
    WHEN name <> '' THEN to_json([cluster, nullif(namespace, ''), name])::VARCHAR
    WHEN verb NOT IN ('list', 'watch') THEN NULL
    WHEN namespace <> '' THEN to_json([verb, cluster, namespace])::VARCHAR
    ELSE to_json([verb, cluster])::VARCHAR
  END
  WHEN mode = 'name' THEN CASE
    WHEN name <> '' THEN name
    WHEN verb NOT IN ('list', 'watch') THEN NULL
    WHEN namespace <> '' THEN verb || ':' || namespace
    WHEN request_uri <> '' THEN verb || ':' || request_uri
    ELSE verb
  END
  ELSE error('unknown secret key mode: ' || mode)
END;
