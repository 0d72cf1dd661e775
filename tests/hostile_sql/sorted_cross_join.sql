-- tries: makes a terabyte of rows and sorts it
-- expect: ended
SELECT a.range AS x, b.range AS y, repeat('x', 100) AS z FROM range(10000000) a, range(10000) b ORDER BY hash(a.range * b.range)
