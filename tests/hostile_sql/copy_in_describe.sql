-- tries: hides the writing WITH in DESCRIBE
-- expect: refused
DESCRIBE WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x
