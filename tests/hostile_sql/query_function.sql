-- tries: runs SQL that is hidden in a string
-- expect: refused
SELECT * FROM query('COPY (SELECT 1) TO ''{LAKE}''')
