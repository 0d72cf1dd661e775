-- tries: lists settings through the view
-- expect: refused
SELECT * FROM duckdb_settings
