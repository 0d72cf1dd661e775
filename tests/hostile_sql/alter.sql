-- tries: alters a table
-- expect: refused
ALTER TABLE audit_events ADD COLUMN x INTEGER
