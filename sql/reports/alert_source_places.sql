-- Where one alert's records stand in a source, and what tells that the record there is the row's.
-- $source_uri    VARCHAR
-- alert_records  see alert_records.sql
SELECT
  source_offset, source_record, event_time, audit_id, record_id, stage, username, verb, request_uri
FROM alert_records
WHERE source_uri = $source_uri
ORDER BY source_offset, source_record, event_time, audit_id NULLS LAST, record_id NULLS LAST, stage NULLS LAST;
