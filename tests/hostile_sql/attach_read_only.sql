-- tries: opens a file as a database
-- expect: refused
ATTACH '{OUTSIDE}/canary.csv' (READ_ONLY)
