-- tries: reads the catalog by its other name
-- expect: refused
SELECT * FROM pg_catalog.pg_tables
