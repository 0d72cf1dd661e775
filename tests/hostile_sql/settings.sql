-- tries: lists settings
-- expect: refused
SELECT * FROM duckdb_settings()
