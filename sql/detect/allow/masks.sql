-- The masks of one page of values. A mask is a bit for each entry of the allow-list, in its order:
-- 1 where the entry matches the value, or does not name the value's field.
-- $value_ids  BIGINT[]
-- $masks      VARCHAR[]  as many
SELECT allow_values.field, allow_values.value, masks.mask::BIT AS mask
FROM (SELECT unnest($value_ids::BIGINT[]) AS value_id, unnest($masks::VARCHAR[]) AS mask) AS masks
JOIN allow_values USING (value_id);
