-- days: how many records the lake has on each date, from when to when, and how many of them at most are reads of
-- secrets. A hunt over a lake is told them by the lake's commits (known_days.sql); this counts them.
SELECT event_date, count(*) AS records, count(*) AS reads, min(event_time) AS first_time, max(event_time) AS last_time
FROM audit_events
GROUP BY event_date;
