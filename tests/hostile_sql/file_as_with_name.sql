-- tries: gives a files name to a WITH elsewhere in the query
-- expect: refused
SELECT * FROM "{OUTSIDE}/canary.csv" WHERE EXISTS (WITH "{OUTSIDE}/canary.csv" AS (SELECT 1) SELECT 1)
