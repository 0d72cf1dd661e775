-- tries: writes from a WITH inside a WITH
-- expect: refused
WITH a AS (WITH b AS (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM b) SELECT * FROM a
