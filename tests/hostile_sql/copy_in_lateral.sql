-- tries: hides the writing WITH in LATERAL
-- expect: refused
SELECT * FROM range(1) r, LATERAL (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT r.range FROM x)
