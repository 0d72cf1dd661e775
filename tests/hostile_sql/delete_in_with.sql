-- tries: deletes from inside a WITH
-- expect: refused
WITH x AS (DELETE FROM audit_events RETURNING *) SELECT * FROM x
