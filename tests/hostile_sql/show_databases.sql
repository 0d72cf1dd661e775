-- tries: lists databases
-- expect: refused
SHOW DATABASES
