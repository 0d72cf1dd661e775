-- tries: shows the view with its source
-- expect: refused
SELECT sql FROM duckdb_views()
