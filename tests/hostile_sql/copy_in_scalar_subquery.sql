-- tries: hides the writing WITH in a scalar subquery
-- expect: refused
SELECT (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1 FROM x)
