-- tries: hides the writing WITH in EXISTS
-- expect: refused
SELECT 1 WHERE EXISTS (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x)
