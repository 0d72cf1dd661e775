-- tries: inserts
-- expect: refused
INSERT INTO audit_events SELECT * FROM audit_events
