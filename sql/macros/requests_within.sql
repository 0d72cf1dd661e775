-- requests_within: the requests of a hunt's logs, time and users.
-- log_types              VARCHAR[]  the values of log_type
-- from_time, until_time  TIMESTAMP  from (inclusive) and until (exclusive)
-- users                  VARCHAR[]  only these usernames, and the unknown; null for all
CREATE MACRO requests_within(log_types, from_time, until_time, users) AS TABLE
SELECT *
FROM requests
WHERE event_time >= from_time AND event_time < until_time
  AND event_date >= from_time::DATE AND event_date <= until_time::DATE
  AND (users IS NULL OR username IS NULL OR list_contains(users, username))
  -- A join, as a filter on what is not in the key of requests makes its window sort (schema/latest.sql).
  AND log_type IN (SELECT unnest(log_types));
