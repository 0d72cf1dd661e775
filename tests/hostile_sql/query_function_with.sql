-- tries: runs a writing WITH that is hidden in a string
-- expect: refused
SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{LAKE}'') SELECT * FROM x')
