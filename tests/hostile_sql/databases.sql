-- tries: lists databases with their files
-- expect: refused
SELECT * FROM duckdb_databases()
