-- The requests of the files of which nothing is known.
-- cut.other_records()  like audit_events, of these files
WITH others AS NOT MATERIALIZED (
  FROM cut.other_records()
)

FROM cut.latest('others');
