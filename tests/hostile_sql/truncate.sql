-- tries: truncates
-- expect: refused
TRUNCATE audit_events
