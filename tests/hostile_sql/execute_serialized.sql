-- tries: runs a statement given as JSON
-- expect: refused
SELECT * FROM json_execute_serialized_sql('{}')
