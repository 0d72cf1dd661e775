-- tries: describes a file by its name
-- expect: refused
DESCRIBE '{OUTSIDE}/canary.csv'
