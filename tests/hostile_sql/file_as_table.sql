-- tries: reads a file by its name as a table
-- expect: refused
SELECT * FROM '{OUTSIDE}/canary.csv'
