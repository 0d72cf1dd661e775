-- tries: opens a file to describe it
-- expect: refused
DESCRIBE SELECT * FROM read_csv('{OUTSIDE}/canary.csv')
