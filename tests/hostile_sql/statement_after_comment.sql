-- tries: hides the second statement behind a block comment
-- expect: refused
SELECT 1 /* ; */ ; DROP VIEW requests
