-- tries: makes a database file
-- expect: refused
ATTACH '{OUTSIDE}/written.db' AS w
