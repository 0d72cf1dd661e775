-- requests: one row per API request (requests_of.sql).
CREATE VIEW requests AS
SELECT *
FROM cut.requests_of('audit_events');
