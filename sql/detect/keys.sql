-- The distinct secrets of a hunt, numbered: the window counts integers in place of strings.
-- kinds  see kinds.sql
SELECT secret_key, (row_number() OVER ())::INTEGER AS key_id
FROM (SELECT DISTINCT kind.secret_key AS secret_key FROM kinds)
WHERE secret_key IS NOT NULL;
