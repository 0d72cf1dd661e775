-- tries: merges from inside a WITH
-- expect: refused
WITH x AS (MERGE INTO audit_events USING requests ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT * FROM x
