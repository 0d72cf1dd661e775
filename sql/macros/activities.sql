-- What a request does that an intruder would do, as a list of {technique, activity}; empty for everything else.
-- Techniques are MITRE ATT&CK's. Pod specs are read from the request's body, so they are only seen where
-- the audit policy logs bodies (level Request or RequestResponse).
CREATE MACRO activities(verb, resource, subresource, name, username, impersonated_username, request_object,
  response_status) AS
list_filter([
  CASE WHEN impersonated_username IS NOT NULL
    THEN {'technique': 'T1078', 'activity': 'impersonates ' || impersonated_username} END,
  CASE WHEN verb IN ('impersonate', 'escalate', 'bind')
    THEN {'technique': 'T1098.006', 'activity': 'uses the verb ' || verb} END,
  CASE WHEN contains(response_status, 'attempting to grant RBAC permissions not currently held')
    THEN {'technique': 'T1098.006', 'activity': 'tries to grant permissions it does not hold'} END,
  CASE WHEN contains(response_status, 'cannot impersonate resource')
    THEN {'technique': 'T1078', 'activity': 'tries to impersonate'} END,
  CASE WHEN resource = 'serviceaccounts' AND subresource = 'token' AND verb = 'create'
    THEN {'technique': 'T1528', 'activity': 'requests a service account token'} END,
  CASE WHEN resource = 'secrets' AND verb = 'create'
      AND contains(request_object, 'kubernetes.io/service-account-token')
    THEN {'technique': 'T1528', 'activity': 'creates a service account token secret'} END,
  CASE WHEN resource = 'certificatesigningrequests' AND subresource IS NULL AND verb = 'create'
    THEN {'technique': 'T1649', 'activity': 'requests a client certificate'} END,
  CASE WHEN resource = 'certificatesigningrequests' AND subresource IN ('approval', 'status')
      AND verb IN ('update', 'patch')
    THEN {'technique': 'T1649', 'activity': 'approves or signs a certificate request'} END,
  CASE WHEN resource = 'pods' AND subresource IN ('exec', 'attach')
    THEN {'technique': 'T1609', 'activity': subresource || ' into a pod'} END,
  CASE WHEN resource = 'pods' AND subresource = 'ephemeralcontainers' AND verb IN ('update', 'patch')
    THEN {'technique': 'T1609', 'activity': 'adds an ephemeral container to a pod'} END,
  CASE WHEN resource IN ('pods', 'services') AND subresource IN ('portforward', 'proxy')
    THEN {'technique': 'T1572', 'activity': subresource || ' to a ' || rtrim(resource, 's')} END,
  CASE WHEN resource = 'nodes' AND subresource = 'proxy'
    THEN {'technique': 'T1609', 'activity': 'reaches a kubelet through the node proxy'} END,
  CASE WHEN resource IN ('mutatingwebhookconfigurations', 'validatingwebhookconfigurations')
      AND verb IN ('create', 'update', 'patch', 'delete')
    THEN {'technique': 'T1546', 'activity': verb || ' of an admission webhook'} END,
  CASE WHEN resource IN ('roles', 'clusterroles', 'rolebindings', 'clusterrolebindings')
      AND verb IN ('create', 'update', 'patch', 'delete', 'deletecollection')
    THEN {'technique': 'T1098.006', 'activity': verb || ' of ' || resource} END,
  CASE WHEN resource IN ('selfsubjectaccessreviews', 'selfsubjectrulesreviews') AND verb = 'create'
    THEN {'technique': 'T1069', 'activity': 'asks what it may do (' || resource || ')'} END,
  CASE WHEN resource = 'events' AND verb IN ('delete', 'deletecollection')
    THEN {'technique': 'T1070', 'activity': 'deletes events'} END,
  CASE WHEN pod_risks(verb, resource, subresource, username, request_object) <> []
    THEN {'technique': 'T1611', 'activity': 'runs a pod with '
      || array_to_string(pod_risks(verb, resource, subresource, username, request_object), ', ')} END
], lambda found: found IS NOT NULL);
