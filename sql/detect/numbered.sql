-- The highest number that a kind has.
-- kinds  see kinds.sql
SELECT max(kind_id) AS numbered
FROM kinds;
