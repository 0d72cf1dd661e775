-- cut.told_apart: one row per API request of the lake, the record with the latest of its stages. All stages of a
-- request have one event_date. On dates where a compaction told the requests for secrets apart, and nothing came since,
-- the rows of some files are these requests, and the other stages of them are not read (src/lake/snapshot.rs).
-- cut.latest_records, cut.other_records  like audit_events, of the files that are so, and of those of which it is unknown
CREATE VIEW cut.told_apart AS
SELECT *
FROM cut.latest_records
UNION ALL
SELECT *
FROM cut.latest('cut.other_records');
