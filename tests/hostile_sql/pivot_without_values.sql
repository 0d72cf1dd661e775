-- tries: makes a type behind the scenes, so it is several statements
-- expect: refused
PIVOT requests ON verb USING count(*)
