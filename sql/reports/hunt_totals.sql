-- What a hunt looked at: one row. requests are those that read secrets, matches what is left of
-- them without the excluded, users those who made the matches.
-- $since, $until       TIMESTAMP  from (inclusive) and until (exclusive)
-- days, found          see detect/
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
    count(*) AS requests,
    count(*) FILTER (WHERE exclusion IS NULL) AS matches,
    count(DISTINCT coalesce(username, '')) FILTER (WHERE exclusion IS NULL) AS users
  FROM found
  WHERE event_time >= $since
) AS of_secrets;
