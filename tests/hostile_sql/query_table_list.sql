-- tries: reads tables whose names are strings
-- expect: refused
SELECT * FROM query_table(['duckdb_settings', 'duckdb_secrets'])
