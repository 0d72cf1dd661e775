-- tries: reads a file in an arm of UNION
-- expect: refused
SELECT 'a' UNION ALL SELECT content FROM read_text('{OUTSIDE}/canary.csv')
