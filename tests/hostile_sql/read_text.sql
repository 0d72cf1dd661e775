-- tries: reads a file outside
-- expect: refused
SELECT * FROM read_text('{OUTSIDE}/canary.csv')
