-- tries: reads a file outside as JSON
-- expect: refused
SELECT * FROM read_json('{OUTSIDE}/canary.csv')
