-- tries: detaches the sessions database
-- expect: refused
DETACH memory
