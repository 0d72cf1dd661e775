-- cut.requests_of(relation): one row per API request of a relation like audit_events, as cut.latest has it.
-- A response that was cut stands for the request that it answers (cut_responses.sql); only of requests that
-- have but begun is it asked whether there is one. Where there is none in the lake, nothing is asked (src/engine/views.rs).
CREATE MACRO cut.requests_of(relation) AS TABLE
SELECT *
FROM cut.latest(relation)
WHERE cut.begun(
  stage, audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
) NOT IN (SELECT request FROM cut.responses);
