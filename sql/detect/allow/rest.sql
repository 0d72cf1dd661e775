-- reads: those of the touched groups, as the second run counts them.
-- $allow_active  VARCHAR  the mask of the entries in force
-- $taken_out     BIGINT   the key of a read that is taken out: null, which counts for nothing; for
--                         anchored windows 0, which opens a window as before and counts for nothing
SELECT
  group_id, event_time,
  CASE WHEN bit_count(mask & $allow_active::BIT) > 0 THEN $taken_out::INTEGER ELSE key_id END AS key_id
FROM allow_reads
JOIN touched USING (group_id);
