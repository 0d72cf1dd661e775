-- cut.records: the responses that were cut by their producer and have their container's time. Row groups
-- without one are skipped by their statistics.
-- cut.salvaged_records()  like audit_events, of the files that can have one
CREATE TABLE cut.records AS
SELECT DISTINCT
  audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
FROM cut.salvaged_records()
WHERE salvaged = true AND event_time_source = 'container' AND stage = 'ResponseComplete' AND audit_id IS NOT NULL;
