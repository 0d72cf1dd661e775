-- What a hunt looked at: one row. requests are those that read secrets, matches what is left of
-- them without the excluded.
-- $since, $until  TIMESTAMP  from (inclusive) and until (exclusive)
SELECT
  totals.*,
  (SELECT count(*) FROM reads WHERE event_time >= $since) AS requests,
  (
    SELECT count(*) FROM reads JOIN groups USING (group_id)
    WHERE event_time >= $since AND exclusion IS NULL
  ) AS matches
FROM (
  SELECT
    count(*) AS records, count(DISTINCT username) AS users,
    min(event_time) AS first_event, max(event_time) AS last_event
  FROM audit_events
  WHERE event_time >= $since AND event_time < $until
    AND event_date >= $since::DATE AND event_date <= $until::DATE
) AS totals;
