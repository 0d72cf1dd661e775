-- tries: is two harmless statements, of which one would go unanswered
-- expect: refused
SELECT 1; SELECT 2
