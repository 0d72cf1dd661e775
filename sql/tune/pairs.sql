-- pairs: each group with an alert and each entry that matches a read of it, numbered as groups are,
-- so that one pass counts what is left by each entry alone.
-- $entries  BIGINT  how many entries the list has
WITH alerted AS (
  SELECT group_id, bit_or(mask) AS mask
  FROM allow_reads
  WHERE mask IS NOT NULL AND group_id IN (SELECT group_id FROM spans)
  GROUP BY group_id
)

SELECT (row_number() OVER ())::INTEGER AS pair_id, group_id, entry
FROM alerted, (SELECT unnest(range($entries)) AS entry)
WHERE get_bit(mask, entry::INTEGER) = 1;
