-- tries: writes to a sequence
-- expect: refused
SELECT nextval('s')
