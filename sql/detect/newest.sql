-- The newest event_time of the lake, from which a span such as 30d counts back; null for an empty one.
SELECT max(event_time) AS newest
FROM audit_events;
