-- tries: makes a string of a hundred gigabytes
-- expect: ended
SELECT length(repeat(repeat('x', 1000000), 100000))
