-- tries: hides the writing WITH in SUMMARIZE
-- expect: refused
SUMMARIZE WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x
