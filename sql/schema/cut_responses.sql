-- cut.responses: the requests that a cut response answers, one row per request.
-- request  VARCHAR  the JSON array of what tells a request that has only begun, as requests_of.sql has it
-- Made once per session, as the sizes of both sides are known then: in a view, DuckDB 2.0 held every request of
-- the lake to find none cut (5 million records: 880 MB instead of 200).
CREATE TABLE cut.responses AS
SELECT DISTINCT
  to_json([
    audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name,
    epoch_us(begun_at)::VARCHAR
  ])::VARCHAR AS request
FROM cut.answered('audit_events', 'cut.records');
