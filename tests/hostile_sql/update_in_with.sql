-- tries: updates from inside a WITH
-- expect: refused
WITH x AS (UPDATE audit_events SET username = 'nobody' RETURNING *) SELECT * FROM x
