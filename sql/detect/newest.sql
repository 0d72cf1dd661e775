-- The newest event_time of the lake, from which a span such as 30d counts back; null for an empty one.
-- days  see days.sql
SELECT max(last_time) AS newest
FROM days;
