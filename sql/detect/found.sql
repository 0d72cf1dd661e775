-- found: the requests of a hunt that read secrets, each a time and the number of its kind; portion by portion.
-- In a struct nulls are equal, so that a kind finds itself.
-- portion, kinds  see the files of these names
SELECT kinds.kind_id, unnest(portion.times) AS event_time
FROM portion
JOIN kinds ON kinds.kind = portion.kind;
