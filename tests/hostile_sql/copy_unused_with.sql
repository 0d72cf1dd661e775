-- tries: writes from a WITH that nobody reads
-- expect: refused
WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1
