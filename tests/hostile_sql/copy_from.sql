-- tries: reads a file outside into a table
-- expect: refused
COPY audit_events FROM '{OUTSIDE}/canary.csv'
