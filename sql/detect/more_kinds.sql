-- kinds: those of a later portion that no portion before it has.
-- portion  see portion.sql
SELECT ((SELECT coalesce(max(kind_id), 0) FROM kinds) + row_number() OVER ())::INTEGER AS kind_id, kind
FROM (
  SELECT kind FROM portion
  EXCEPT
  SELECT kind FROM kinds
);
