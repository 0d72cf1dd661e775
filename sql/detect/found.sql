-- found: the requests of a hunt that read secrets, each a time and the number of its kind; portion by portion.
-- portion, known  see the files of these names
SELECT coalesce(known.known_id, portion.kind_id) AS kind_id, unnest(portion.times) AS event_time
FROM portion
LEFT JOIN known USING (kind_id);
