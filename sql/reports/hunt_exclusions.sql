-- What each exclusion removed: its reads of secrets, and how many principals made them.
-- $since  TIMESTAMP  inclusive
SELECT exclusion, count(*) AS reads, count(DISTINCT group_id) AS principals
FROM reads
JOIN groups USING (group_id)
WHERE exclusion IS NOT NULL AND event_time >= $since
GROUP BY exclusion
ORDER BY exclusion;
