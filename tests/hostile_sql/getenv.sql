-- tries: reads the environment
-- expect: refused
SELECT getenv('HOME')
