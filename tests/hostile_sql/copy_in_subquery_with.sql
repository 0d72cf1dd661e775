-- tries: hides the writing WITH in a subquery of FROM
-- expect: refused
SELECT * FROM (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x)
