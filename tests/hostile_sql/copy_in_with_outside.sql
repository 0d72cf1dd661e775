-- tries: writes a file outside the lake from inside a WITH
-- expect: refused
WITH x AS (COPY (SELECT 1) TO '{OUTSIDE}/written.csv') SELECT * FROM x
