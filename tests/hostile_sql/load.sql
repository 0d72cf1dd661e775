-- tries: loads an extension
-- expect: refused
LOAD httpfs
