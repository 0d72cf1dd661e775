-- tries: reads the bytes of a file outside
-- expect: refused
SELECT * FROM read_blob('{OUTSIDE}/canary.csv')
