-- tries: deletes
-- expect: refused
DELETE FROM audit_events
