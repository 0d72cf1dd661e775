-- The events of the unsorted Parquet that ingest.sql wrote; what it lacks (cluster, log type, provenance) is
-- constant. {files} is a glob.
SET preserve_insertion_order = false;
SET parquet_metadata_cache = true;
CREATE VIEW audit_events AS
SELECT *, event_time::DATE AS event_date, NULL::VARCHAR AS cluster, NULL::VARCHAR AS record_id
FROM read_parquet('{files}');
