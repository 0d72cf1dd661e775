-- title: Who stands behind the username
-- question: Is this a person or a service account, and which IAM identity or session used the name?
-- param username VARCHAR: the user; null for records without a username
-- param past_from TIMESTAMP: start of the past hours, inclusive
-- param past_to TIMESTAMP: end of the past hours, inclusive
-- column kind: service account, node, anonymous, system or person or external
-- column iam_arn: on EKS the IAM identity behind a shared username
-- column iam_session: on EKS the session name
-- column pod: the pod that holds the service account's token, where the API server knows it
WITH calls AS (
  SELECT username, user_uid, user_groups, user_extra, impersonated_username, source_ips[-1] AS source_ip,
    user_agent, resource, event_time
  FROM requests
  WHERE username IS NOT DISTINCT FROM $username
   AND event_date BETWEEN CAST($past_from AS TIMESTAMP)::DATE AND CAST($past_to AS TIMESTAMP)::DATE
   AND event_time BETWEEN CAST($past_from AS TIMESTAMP) AND CAST($past_to AS TIMESTAMP)
),
identities AS (
  SELECT *,
    CASE
      WHEN username IS NULL THEN 'unknown'
      WHEN starts_with(username, 'system:serviceaccount:') THEN 'service account'
      WHEN starts_with(username, 'system:node:') THEN 'node'
      WHEN username = 'system:anonymous' THEN 'anonymous'
      WHEN starts_with(username, 'system:') THEN 'system'
      WHEN ends_with(username, '.gserviceaccount.com') THEN 'Google service account'
      ELSE 'person or external'
    END AS kind,
    TRY_CAST(user_extra AS JSON) AS extra
  FROM calls
)
SELECT
  kind,
  CASE WHEN kind = 'service account' THEN split_part(username, ':', 3) END AS service_account_namespace,
  CASE WHEN kind = 'service account' THEN split_part(username, ':', 4) END AS service_account,
  user_uid,
  list_sort(user_groups) AS user_groups,
  coalesce(extra ->> '$.arn[0]', extra ->> '$.arn') AS iam_arn,
  nullif(coalesce(extra ->> '$.sessionName[0]', extra ->> '$.sessionName'), '') AS iam_session,
  coalesce(extra ->> '$.accessKeyId[0]', extra ->> '$.accessKeyId') AS access_key_id,
  extra ->> '$."authentication.kubernetes.io/pod-name"[0]' AS pod,
  extra ->> '$."authentication.kubernetes.io/node-name"[0]' AS node,
  impersonated_username AS acting_as,
  count(*) AS requests,
  count(*) FILTER (resource = 'secrets') AS secret_requests,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  list_sort(list(DISTINCT source_ip) FILTER (source_ip IS NOT NULL)) AS source_ips,
  list_sort(list(DISTINCT user_agent) FILTER (user_agent IS NOT NULL)) AS user_agents
FROM identities
GROUP BY ALL
ORDER BY secret_requests DESC, requests DESC, first_seen, user_uid, user_groups,
  iam_arn, iam_session, access_key_id, pod, node,
  acting_as
