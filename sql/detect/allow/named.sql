-- allow_named: for each alert of a touched group the entries that took reads out of its evidence.
-- $allow_active  VARCHAR  the mask of the entries in force
-- $bucket        BIGINT, µs: spans are cut by it, so that a read meets the few spans of its bucket
WITH pieces AS (
  SELECT
    span_id, group_id, evidence_from, last_breach,
    unnest(range(epoch_us(evidence_from) // $bucket, epoch_us(last_breach) // $bucket + 1)) AS bucket
  FROM spans
  JOIN touched USING (group_id)
)

SELECT pieces.span_id, bit_or(allow_reads.mask & $allow_active::BIT) AS mask
FROM allow_reads
JOIN pieces
  ON pieces.group_id = allow_reads.group_id
  AND pieces.bucket = epoch_us(allow_reads.event_time) // $bucket
  AND allow_reads.event_time BETWEEN pieces.evidence_from AND pieces.last_breach
WHERE allow_reads.mask IS NOT NULL
GROUP BY pieces.span_id;
