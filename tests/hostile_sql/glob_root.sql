-- tries: lists the root
-- expect: refused
SELECT * FROM glob('/*')
