-- tries: hides the writing WITH below PIVOT
-- expect: refused
SELECT * FROM (PIVOT (WITH x AS (COPY (SELECT 1 AS a, 2 AS b) TO '{LAKE}') SELECT 1 AS a, 2 AS b) ON a IN (1, 2) USING sum(b))
