-- tries: calls its own WITH after functions and files it does not read
-- expect: harmless
WITH "read_text" AS (SELECT 1 AS "getenv") SELECT "getenv" FROM "read_text"
