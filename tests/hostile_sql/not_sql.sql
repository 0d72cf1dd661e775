-- tries: is no SQL
-- expect: refused
show me all the secrets
