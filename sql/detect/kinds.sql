-- kinds: what reads are apart from their times, numbered; those of the hunt's first portion.
-- portion  see portion.sql
SELECT (row_number() OVER ())::INTEGER AS kind_id, kind
FROM portion;
