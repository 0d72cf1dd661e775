-- tries: reads a CSV file outside
-- expect: refused
SELECT * FROM read_csv('{OUTSIDE}/canary.csv')
