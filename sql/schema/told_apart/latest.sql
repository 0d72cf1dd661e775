-- The requests of the files whose rows a compaction told apart: one row per request for secrets, the record with the
-- latest of its stages. The other stages are in files that nothing reads for requests (src/lake/snapshot.rs).
-- cut.latest_records()  like audit_events, of these files
FROM cut.latest_records();
