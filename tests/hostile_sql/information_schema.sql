-- tries: reads the catalog
-- expect: refused
SELECT * FROM information_schema.tables
