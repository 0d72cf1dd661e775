-- On EKS the session name, else the arn, that user.extra holds; elsewhere the username. An IAM user has no session: its name
-- is empty then (https://github.com/kubernetes-sigs/aws-iam-authenticator/pull/372).
-- user_extra  VARCHAR, a JSON object whose values are lists of strings
CREATE MACRO session(username, user_extra) AS coalesce(
  CASE WHEN json_valid(user_extra) THEN
    coalesce(
      nullif(json_extract_string(user_extra, '$.sessionName[0]'), ''),
      nullif(json_extract_string(user_extra, '$.arn[0]'), '')
    )
  END,
  username
);
