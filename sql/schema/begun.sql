-- cut.begun(...): of a record, the JSON array of what tells its request, as cut.responses has it (cut_responses.sql),
-- where the request has only begun; else the empty string.
CREATE MACRO cut.begun(
  stage, audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
) AS CASE
  WHEN stage IN ('RequestReceived', 'ResponseStarted') THEN
    to_json([
      audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name,
      epoch_us(event_time)::VARCHAR
    ])::VARCHAR
  ELSE ''
END;
