-- tries: installs an extension
-- expect: refused
INSTALL httpfs
