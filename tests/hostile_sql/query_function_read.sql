-- tries: reads a file through SQL in a string
-- expect: refused
SELECT * FROM query('FROM read_text(''{OUTSIDE}/canary.csv'')')
