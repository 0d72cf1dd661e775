-- What two ways of counting were compared on: one row.
-- $since, $threshold  see detect/spans.sql
SELECT
  count(*) AS counts,
  count(*) FILTER (WHERE exclusion IS NULL AND distinct_secrets >= $threshold AND event_time >= $since) AS breaches
FROM kept
JOIN groups USING (group_id);
