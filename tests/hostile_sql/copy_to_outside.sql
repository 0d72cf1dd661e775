-- tries: writes a file outside
-- expect: refused
COPY (SELECT 1) TO '{OUTSIDE}/written.csv'
