-- known: the kinds of a later portion that a portion before it has, with the numbers that they have there. In a
-- struct nulls are equal, so that a kind finds itself.
-- portion, kinds  see the files of these names
SELECT portion.kind_id, kinds.kind_id AS known_id
FROM portion
JOIN kinds ON kinds.kind = portion.kind;
