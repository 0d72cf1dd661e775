-- How many reads since $since each mask has.
-- $since  TIMESTAMP  inclusive
SELECT mask::VARCHAR AS mask, count(*) AS reads
FROM allow_reads
WHERE mask IS NOT NULL AND event_time >= $since
GROUP BY mask
ORDER BY mask;
