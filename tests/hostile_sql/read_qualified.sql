-- tries: qualifies the function with its catalog
-- expect: refused
SELECT * FROM system.main.read_text('{OUTSIDE}/canary.csv')
