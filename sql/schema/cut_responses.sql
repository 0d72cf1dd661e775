-- cut.responses: the requests that a cut response answers, one row per request. Such a response lost its
-- times with its end, and has its container's, so that nothing else joins it to its request.
-- request  VARCHAR  the JSON array of what tells a request that has only begun, as requests.sql has it
-- A cut response answers one request, the nearest that began within 60 seconds of it. Never all of them:
-- a client can set the Audit-ID, and one cut response would hide every request that repeats it. What was
-- read stands in the key too, as a record that was cut inside its objectRef has lost some of it.
-- Made once per session, as the sizes of both sides are known then: in a view, DuckDB 2.0 held every request of
-- the lake to find none cut (5 million records: 880 MB instead of 200).
CREATE TABLE cut.responses AS
SELECT DISTINCT
  to_json([
    audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name,
    epoch_us(begun_at)::VARCHAR
  ])::VARCHAR AS request
FROM (
  SELECT
    records.*,
    arg_min(
      begun.event_time, (abs(epoch_us(begun.event_time) - epoch_us(records.event_time)), begun.event_time)
    ) AS begun_at
  FROM audit_events AS begun
  JOIN cut.records AS records
    ON begun.audit_id = records.audit_id
    AND begun.cluster IS NOT DISTINCT FROM records.cluster
    AND begun.request_uri IS NOT DISTINCT FROM records.request_uri
    AND begun.verb IS NOT DISTINCT FROM records.verb
    AND begun.username IS NOT DISTINCT FROM records.username
    AND begun.api_group IS NOT DISTINCT FROM records.api_group
    AND begun.resource IS NOT DISTINCT FROM records.resource
    AND begun.subresource IS NOT DISTINCT FROM records.subresource
    AND begun.namespace IS NOT DISTINCT FROM records.namespace
    AND begun.name IS NOT DISTINCT FROM records.name
    AND begun.event_time BETWEEN records.event_time - INTERVAL 60 SECONDS AND records.event_time + INTERVAL 60 SECONDS
  WHERE begun.stage IN ('RequestReceived', 'ResponseStarted') AND begun.event_time_source <> 'container'
  GROUP BY ALL
);
