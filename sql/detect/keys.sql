-- The distinct secrets of a hunt, numbered: the window counts integers in place of strings.
-- found  see found.sql
SELECT secret_key, (row_number() OVER ())::INTEGER AS key_id
FROM (SELECT DISTINCT secret_key FROM found WHERE secret_key IS NOT NULL);
