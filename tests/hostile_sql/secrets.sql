-- tries: lists secrets
-- expect: refused
SELECT * FROM duckdb_secrets()
