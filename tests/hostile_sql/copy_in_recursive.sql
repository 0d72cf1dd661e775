-- tries: hides the writing WITH in a recursive WITH
-- expect: refused
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT n + 1 FROM r, x)) SELECT * FROM r
