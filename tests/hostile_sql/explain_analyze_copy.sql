-- tries: runs a write through EXPLAIN ANALYZE
-- expect: refused
EXPLAIN ANALYZE COPY (SELECT 1) TO '{LAKE}'
