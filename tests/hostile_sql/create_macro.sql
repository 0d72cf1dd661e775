-- tries: makes a macro in place of ours
-- expect: refused
CREATE OR REPLACE MACRO secret_key(a, b, c, d, e, f) AS NULL
