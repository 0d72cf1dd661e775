-- tries: reads a file by its quoted name
-- expect: refused
SELECT * FROM "{OUTSIDE}/canary.csv"
