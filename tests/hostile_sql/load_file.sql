-- tries: loads a file as an extension
-- expect: refused
LOAD '{OUTSIDE}/canary.csv'
