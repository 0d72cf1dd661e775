-- tries: makes a table
-- expect: refused
CREATE TABLE t AS SELECT * FROM audit_events
