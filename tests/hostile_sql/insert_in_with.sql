-- tries: inserts from inside a WITH
-- expect: refused
WITH x AS (INSERT INTO audit_events SELECT * FROM audit_events RETURNING *) SELECT * FROM x
