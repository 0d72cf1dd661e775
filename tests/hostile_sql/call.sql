-- tries: calls a function
-- expect: refused
CALL force_checkpoint()
