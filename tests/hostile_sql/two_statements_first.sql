-- tries: hides a write before a SELECT: preparing runs every statement but the last
-- expect: refused
COPY (SELECT 1) TO '{LAKE}'; SELECT 1
