-- tries: writes to the engines log
-- expect: refused
SELECT write_log('x')
