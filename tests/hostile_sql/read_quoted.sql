-- tries: quotes the functions name
-- expect: refused
SELECT * FROM "read_text"('{OUTSIDE}/canary.csv')
