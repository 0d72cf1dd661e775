-- What each exclusion removed: its reads of secrets, and how many principals made them.
-- $since        TIMESTAMP  inclusive
-- found, kinds  see detect/
SELECT exclusion, sum(reads)::BIGINT AS reads, count(DISTINCT username) AS principals
FROM (SELECT kind_id, count(*) AS reads FROM found WHERE event_time >= $since GROUP BY kind_id)
JOIN (SELECT kind_id, unnest(kind) FROM kinds) AS kinds USING (kind_id)
WHERE exclusion IS NOT NULL
GROUP BY exclusion
ORDER BY exclusion;
