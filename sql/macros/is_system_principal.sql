-- Whether a username belongs to the cluster itself, and not to a person or a workload.
-- username  VARCHAR; null gives false
CREATE MACRO is_system_principal(username) AS system_principal(username) IS NOT NULL;
