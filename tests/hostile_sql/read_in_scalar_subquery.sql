-- tries: reads a file in a scalar subquery
-- expect: refused
SELECT (SELECT content FROM read_text('{OUTSIDE}/canary.csv'))
