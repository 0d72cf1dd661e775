-- tries: is only empty statements
-- expect: refused
;;;
