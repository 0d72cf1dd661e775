-- tries: is a plan, which has a flag of its own
-- expect: refused
EXPLAIN SELECT 1
