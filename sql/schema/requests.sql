-- requests: one row per API request, the record with the latest of its stages.
-- Never by audit_id alone: a client can set it, and one repeated id would hide every request but
-- one. event_date, api_group, resource and subresource are the same in every stage; they stand in
-- the key so that filters on them are pushed below the window and files are skipped.
-- A response that was cut stands for the request that it answers (cut_responses.sql); only of requests that
-- have but begun is it asked whether there is one.
CREATE VIEW requests AS
SELECT *
FROM (
  SELECT *
  FROM audit_events
  QUALIFY row_number() OVER (
    PARTITION BY
      event_time, event_date, username, resource, verb, api_group, subresource,
      coalesce(audit_id, record_id), cluster, request_uri
    ORDER BY
      CASE stage WHEN 'Panic' THEN 3 WHEN 'ResponseComplete' THEN 2 WHEN 'ResponseStarted' THEN 1 ELSE 0 END DESC,
      stage_time DESC NULLS LAST, record_id NULLS LAST, source_uri, source_record
  ) = 1
) AS latest
WHERE CASE
  WHEN stage IN ('RequestReceived', 'ResponseStarted') THEN
    to_json([
      audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name,
      epoch_us(event_time)::VARCHAR
    ])::VARCHAR
  ELSE ''
END NOT IN (SELECT request FROM cut.responses);
