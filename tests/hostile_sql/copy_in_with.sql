-- tries: overwrites a file of the lake from inside a WITH; DuckDB serialises it as a SELECT
-- expect: refused
WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x
