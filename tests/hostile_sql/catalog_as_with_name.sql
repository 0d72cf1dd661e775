-- tries: gives a catalog views name to a WITH elsewhere
-- expect: refused
SELECT * FROM duckdb_settings WHERE EXISTS (WITH duckdb_settings AS (SELECT 1) SELECT 1)
