-- tries: runs a writing WITH through EXPLAIN ANALYZE
-- expect: refused
EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x
