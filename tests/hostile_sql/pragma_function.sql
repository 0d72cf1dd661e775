-- tries: runs a pragma as a function
-- expect: refused
SELECT * FROM pragma_database_size()
