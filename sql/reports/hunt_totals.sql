-- What a hunt looked at: one row. requests are those that read secrets, matches what is left of
-- them without the excluded, users those who made the matches.
-- $since, $until       TIMESTAMP  from (inclusive) and until (exclusive)
-- days, found, kinds   see detect/
-- Only the two dates on which the span begins and ends are read; of the others all records count.
WITH records AS (
  SELECT records, first_time, last_time
  FROM days
  WHERE event_date > $since::DATE AND event_date < $until::DATE
  UNION ALL
  SELECT count(*), min(event_time), max(event_time)
  FROM audit_events
  WHERE event_time >= $since AND event_time < $until
    AND (event_date = $since::DATE OR event_date = $until::DATE)
)

SELECT totals.*, of_secrets.*
FROM (
  SELECT sum(records)::BIGINT AS records, min(first_time) AS first_event, max(last_time) AS last_event
  FROM records
) AS totals,
(
  SELECT
    coalesce(sum(reads), 0)::BIGINT AS requests,
    coalesce(sum(reads) FILTER (WHERE kind.exclusion IS NULL), 0)::BIGINT AS matches,
    count(DISTINCT coalesce(kind.username, '')) FILTER (WHERE kind.exclusion IS NULL) AS users
  FROM (SELECT kind_id, count(*) AS reads FROM found WHERE event_time >= $since GROUP BY kind_id)
  JOIN kinds USING (kind_id)
) AS of_secrets;
