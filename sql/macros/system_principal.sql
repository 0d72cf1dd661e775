-- The line of the rule that makes a username a system principal, or null where none does.
-- username  VARCHAR; null is nobody's name, hence no system principal
CREATE MACRO system_principal(username) AS CASE
  WHEN starts_with(username, 'system:serviceaccount:kube-system:') THEN 'system:serviceaccount:kube-system:*'
  WHEN starts_with(username, 'eks:') THEN 'eks:*'
  WHEN starts_with(username, 'masterclient') THEN 'masterclient*'
  WHEN starts_with(username, 'gke-') THEN 'gke-*'
  WHEN starts_with(username, 'azure-') THEN 'azure-*'
  WHEN username = 'aksService' THEN 'aksService'
  WHEN starts_with(username, 'system:') AND NOT contains(username, 'serviceaccount') THEN 'system:* without serviceaccount'
END;
