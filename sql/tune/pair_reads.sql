-- reads: those of each pair's group, without what the pair's entry takes out, in the pair's name.
-- $taken_out  see detect/allow/rest.sql
SELECT
  pair_id AS group_id, event_time,
  CASE WHEN get_bit(mask, entry::INTEGER) = 1 THEN $taken_out::INTEGER ELSE key_id END AS key_id
FROM allow_reads
JOIN pairs USING (group_id);
