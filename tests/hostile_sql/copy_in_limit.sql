-- tries: hides the writing WITH in LIMIT
-- expect: refused
SELECT 1 LIMIT (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1 FROM x)
