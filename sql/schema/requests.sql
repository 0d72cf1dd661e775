-- requests: one row per API request, as cut.told_apart has it, less those that a cut response answers (requests_of.sql).
CREATE VIEW requests AS
SELECT *
FROM cut.told_apart
WHERE cut.begun(
  stage, audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
) NOT IN (SELECT request FROM cut.responses);
