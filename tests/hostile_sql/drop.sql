-- tries: drops a view
-- expect: refused
DROP VIEW audit_events
