-- tries: names the function in upper case
-- expect: refused
SELECT * FROM READ_TEXT('{OUTSIDE}/canary.csv')
