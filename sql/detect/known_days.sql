-- days: as days.sql gives them, a row for each file.
-- $files  VARCHAR  a JSON array of objects with event_date, records, reads, and first_time and last_time in µs
SELECT
  file.event_date, file.records, file.reads,
  make_timestamp(file.first_time) AS first_time, make_timestamp(file.last_time) AS last_time
FROM (
  SELECT unnest(from_json($files,
    '[{"event_date": "DATE", "records": "BIGINT", "reads": "BIGINT", "first_time": "BIGINT", "last_time": "BIGINT"}]'
  )) AS file
);
