-- tries: hides the writing WITH in an arm of UNION
-- expect: refused
SELECT 1 UNION ALL (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1 FROM x)
