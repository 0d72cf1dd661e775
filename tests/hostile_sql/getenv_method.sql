-- tries: reads the environment by a method call
-- expect: refused
SELECT 'HOME'.getenv()
