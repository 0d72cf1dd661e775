-- tries: vacuums
-- expect: refused
VACUUM
