-- tries: looks into a file
-- expect: refused
SELECT * FROM sniff_csv('{OUTSIDE}/canary.csv')
