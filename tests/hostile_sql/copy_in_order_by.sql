-- tries: hides the writing WITH in ORDER BY
-- expect: refused
SELECT 1 ORDER BY (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1 FROM x)
