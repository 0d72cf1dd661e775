-- tries: nests subqueries until the parser ends the process
-- expect: refused
SELECT * FROM {DEEP}
