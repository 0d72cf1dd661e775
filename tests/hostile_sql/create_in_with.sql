-- tries: creates a table from inside a WITH
-- expect: refused
WITH x AS (CREATE TABLE y AS SELECT 1) SELECT 1
