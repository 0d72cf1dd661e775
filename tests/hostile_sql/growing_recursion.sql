-- tries: recurs for ever and grows
-- expect: ended
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, range(10)) SELECT count(*) FROM r
