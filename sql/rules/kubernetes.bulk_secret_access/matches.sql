-- matches: the requests that read secrets.
-- relation  VARCHAR  where the requests stand that are asked about, with the columns of the view requests
-- What each request has for itself are the first five columns: those that differ in them alone are one kind to a hunt.
-- What counted.sql needs is in the others: the fewer values they have, the less there is to do.
CREATE OR REPLACE TEMP MACRO matches(relation) AS TABLE
SELECT
  event_time, audit_id, source_uri, source_record, source_offset,
  username, user_extra, impersonated_username, verb, namespace, name, cluster, log_type, source_ips, user_agent,
  request_uri, response_code, coalesce(outcome, 'unknown') AS outcome, resource
FROM query_table(relation)
WHERE resource = 'secrets'
  AND verb IN ('get', 'list', 'watch')
  AND (api_group = '' OR api_group IS NULL)
  AND (subresource = '' OR subresource IS NULL);
