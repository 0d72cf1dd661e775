-- A page of the table allow_values.
-- $after, $upto  BIGINT  value_id from (exclusive) and to (inclusive)
SELECT value_id, field, value
FROM allow_values
WHERE value_id > $after AND value_id <= $upto
ORDER BY value_id;
