-- What a pod or pod template in a request's body asks for that reaches past the pod, as a list of words. A JSON patch asks
-- with a path and a value in place of a name and a value (https://datatracker.ietf.org/doc/html/rfc6902).
CREATE MACRO pod_risks(verb, resource, subresource, username, request_object) AS
CASE
  WHEN verb NOT IN ('create', 'update', 'patch') OR subresource IS NOT NULL OR request_object IS NULL
    OR resource NOT IN ('pods', 'deployments', 'daemonsets', 'statefulsets', 'replicasets', 'jobs', 'cronjobs',
      'replicationcontrollers', 'podtemplates')
  THEN []
  -- A list of one body, so that it is made plain once.
  ELSE flatten(list_transform([plain_json(request_object)], lambda body: list_filter([
    CASE WHEN asks_for(body, 'privileged') THEN 'a privileged container' END,
    CASE WHEN regexp_matches(body, '"hostPath":\{|"path":"[^"]*/hostPath["/]') THEN 'a host path' END,
    CASE WHEN asks_for(body, 'hostPID') THEN 'the host''s processes' END,
    CASE WHEN asks_for(body, 'hostNetwork') THEN 'the host''s network' END,
    CASE WHEN asks_for(body, 'hostIPC') THEN 'the host''s IPC' END,
    CASE WHEN regexp_matches(body, '"(SYS_ADMIN|SYS_PTRACE|SYS_MODULE|ALL)"') THEN 'added capabilities' END,
    CASE WHEN service_account_asked(body) NOT IN ('', 'default', split_part(coalesce(username, ''), ':', 4))
      THEN 'the service account ' || service_account_asked(body)
    END
  ], lambda risk: risk IS NOT NULL)))
END;
