-- How many alerts each entry silences alone, in force or not; of the other entries there is no row.
-- $threshold  BIGINT
-- counts      by pair
WITH breached AS (
  SELECT DISTINCT pairs.pair_id, spans.span_id
  FROM (
    SELECT pairs.pair_id, pairs.group_id, counts.event_time
    FROM counts
    JOIN pairs ON pairs.pair_id = counts.group_id
    WHERE counts.distinct_secrets >= $threshold
  ) AS pairs
  ASOF JOIN spans ON spans.group_id = pairs.group_id AND pairs.event_time >= spans.crossed_at
  WHERE pairs.event_time <= spans.last_breach
)

SELECT pairs.entry, count(*) AS silenced
FROM pairs
JOIN spans USING (group_id)
ANTI JOIN breached ON breached.pair_id = pairs.pair_id AND breached.span_id = spans.span_id
GROUP BY pairs.entry
ORDER BY pairs.entry;
