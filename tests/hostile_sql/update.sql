-- tries: updates
-- expect: refused
UPDATE audit_events SET username = 'nobody'
