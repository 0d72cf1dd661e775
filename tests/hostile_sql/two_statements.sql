-- tries: hides a write behind a SELECT
-- expect: refused
SELECT 1; COPY (SELECT 1) TO '{LAKE}'
