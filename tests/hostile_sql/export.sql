-- tries: writes the whole database to a folder
-- expect: refused
EXPORT DATABASE '{OUTSIDE}/export'
