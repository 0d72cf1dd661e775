-- tries: only waits
-- expect: refused
SELECT sleep_ms(3600000)
