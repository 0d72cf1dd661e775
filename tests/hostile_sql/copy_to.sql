-- tries: writes a file of the lake
-- expect: refused
COPY (SELECT 1) TO '{LAKE}'
