-- On EKS the session name, else the arn, that user.extra holds; elsewhere the username.
-- user_extra  VARCHAR, a JSON object whose values are lists of strings
CREATE MACRO session(username, user_extra) AS coalesce(
  CASE WHEN json_valid(user_extra) THEN
    coalesce(json_extract_string(user_extra, '$.sessionName[0]'), json_extract_string(user_extra, '$.arn[0]'))
  END,
  username
);
