-- tries: lists a folder
-- expect: refused
SELECT * FROM glob('{OUTSIDE}/*')
