-- cut.records: the responses that were cut by their producer and have their container's time. Row groups
-- without one are skipped by their statistics.
CREATE TABLE cut.records AS
SELECT DISTINCT
  audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
FROM audit_events
WHERE salvaged = true AND event_time_source = 'container' AND stage = 'ResponseComplete' AND audit_id IS NOT NULL;
