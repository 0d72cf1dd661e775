-- How many reads of secrets the days have that a hunt reads, from when to when: by these it is cut into portions.
-- $from, $until  TIMESTAMP  from (inclusive) and until (exclusive)
-- days           see days.sql
SELECT sum(reads)::BIGINT AS reads, min(first_time) AS first_time, max(last_time) AS last_time
FROM days
WHERE last_time >= $from AND first_time < $until
GROUP BY event_date
ORDER BY event_date;
