-- tries: changes the schema
-- expect: refused
USE memory.main
