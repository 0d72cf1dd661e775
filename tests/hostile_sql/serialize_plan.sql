-- tries: plans a statement given in a string
-- expect: refused
SELECT json_serialize_plan('FROM read_csv(''{OUTSIDE}/canary.csv'')')
