-- One alert's rows of a source, as the lake has them; in the order of alert_source_places.sql.
-- $source_uri    VARCHAR
-- alert_records  see alert_records.sql
SELECT *
FROM alert_records
WHERE source_uri = $source_uri
ORDER BY source_offset, source_record, event_time, audit_id NULLS LAST, record_id NULLS LAST, stage NULLS LAST;
