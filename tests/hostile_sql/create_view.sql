-- tries: makes a view in place of the lakes
-- expect: refused
CREATE OR REPLACE VIEW audit_events AS SELECT 1
