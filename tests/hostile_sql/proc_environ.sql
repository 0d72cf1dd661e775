-- tries: reads the environment through a file
-- expect: refused
SELECT * FROM read_text('/proc/self/environ')
