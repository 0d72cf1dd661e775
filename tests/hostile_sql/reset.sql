-- tries: resets a setting
-- expect: refused
RESET lock_configuration
