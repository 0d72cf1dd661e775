-- tries: reads a table whose name is a string
-- expect: refused
SELECT * FROM query_table('{OUTSIDE}/canary.csv')
