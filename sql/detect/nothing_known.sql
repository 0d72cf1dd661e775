-- known: of the hunt's first portion no kind is known from before.
SELECT NULL::INTEGER AS kind_id, NULL::INTEGER AS known_id
WHERE false;
