-- kinds: what reads are apart from their times, each once, numbered; those of a portion that are new.
-- portion, known  see the files of these names
SELECT kind_id, kind
FROM portion
ANTI JOIN known USING (kind_id);
