-- tries: runs a prepared statement
-- expect: refused
EXECUTE p
