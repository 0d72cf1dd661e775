-- tries: backtracks for ever where the engine can
-- expect: harmless
SELECT regexp_matches(repeat('a', 100000), '(a+)+$b')
