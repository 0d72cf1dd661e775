-- What a pod or pod template in a request's body asks for that reaches past the pod, as a list of words.
-- JSON has no spaces after its colons here because bodies are stored as the lake writes them; both are read.
CREATE MACRO pod_risks(verb, resource, subresource, username, request_object) AS
CASE
  WHEN verb NOT IN ('create', 'update', 'patch') OR subresource IS NOT NULL OR request_object IS NULL
    OR resource NOT IN ('pods', 'deployments', 'daemonsets', 'statefulsets', 'replicasets', 'jobs', 'cronjobs',
      'replicationcontrollers', 'podtemplates')
  THEN []
  ELSE list_filter([
    CASE WHEN regexp_matches(request_object, '"privileged"\s*:\s*true') THEN 'a privileged container' END,
    CASE WHEN regexp_matches(request_object, '"hostPath"\s*:\s*\{') THEN 'a host path' END,
    CASE WHEN regexp_matches(request_object, '"hostPID"\s*:\s*true') THEN 'the host''s processes' END,
    CASE WHEN regexp_matches(request_object, '"hostNetwork"\s*:\s*true') THEN 'the host''s network' END,
    CASE WHEN regexp_matches(request_object, '"hostIPC"\s*:\s*true') THEN 'the host''s IPC' END,
    CASE WHEN regexp_matches(request_object, '"(SYS_ADMIN|SYS_PTRACE|SYS_MODULE|ALL)"') THEN 'added capabilities' END,
    CASE WHEN regexp_extract(request_object, '"serviceAccount(?:Name)?"\s*:\s*"([^"]*)"', 1)
        NOT IN ('', 'default', split_part(coalesce(username, ''), ':', 4))
      THEN 'the service account ' || regexp_extract(request_object, '"serviceAccount(?:Name)?"\s*:\s*"([^"]*)"', 1)
    END
  ], lambda risk: risk IS NOT NULL)
END;
