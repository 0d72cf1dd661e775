-- cut.told_apart: one row per API request of the lake, the record with the latest of its stages. All stages of a
-- request have one event_date. On dates where a compaction told the requests for secrets apart, and nothing came since,
-- the rows of some files are these requests, and the other stages of them are not read (src/lake/snapshot.rs).
-- cut.latest_records()  like audit_events, of the files that are so
-- cut.rest_records()    of those that a compaction left without records of secrets
-- cut.other_records()   of those of which nothing is known
CREATE VIEW cut.told_apart AS
WITH others AS NOT MATERIALIZED (
  FROM cut.other_records()
),

rest AS NOT MATERIALIZED (
  FROM cut.rest_records()
)

SELECT *
FROM cut.latest_records()
UNION ALL
SELECT *
FROM cut.latest('others')
UNION ALL
-- That they have none is said in forms that DuckDB knows to contradict resource = 'secrets', so that it need not open
-- these files: to find in the statistics of all their row groups that none has one was a fifth of a hunt's reading.
SELECT *
FROM cut.latest('rest')
WHERE resource <> 'secrets'
UNION ALL
SELECT * REPLACE (NULL::VARCHAR AS resource)
FROM cut.latest('rest')
WHERE resource IS NULL;
