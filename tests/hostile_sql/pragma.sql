-- tries: runs a pragma
-- expect: refused
PRAGMA database_list
