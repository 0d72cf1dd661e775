-- tries: prepares a write
-- expect: refused
PREPARE p AS COPY (SELECT 1) TO '{LAKE}'
