-- tries: writes from a WITH ... AS MATERIALIZED
-- expect: refused
WITH x AS MATERIALIZED (COPY (SELECT 1) TO '{LAKE}') SELECT * FROM x
