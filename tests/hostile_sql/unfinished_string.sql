-- tries: ends inside a string
-- expect: refused
SELECT 'a
