-- What the periods of all groups lie within: one row, null without alerts.
-- periods  see hunt_periods.sql
SELECT min(past_from) AS past_from, max(past_to) + INTERVAL 1 MICROSECOND AS past_until
FROM periods;
