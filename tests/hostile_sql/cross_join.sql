-- tries: makes a terabyte of rows
-- expect: ended
SELECT count(a.range + b.range + c.range) FROM range(100000000) a, range(100000000) b, range(100000000) c
