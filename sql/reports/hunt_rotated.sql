-- What must be rotated after all alerts of a hunt, in the order of its places.
-- rotation  see hunt_rotation.sql
SELECT *
FROM rotation
ORDER BY cluster NULLS LAST, namespace NULLS LAST, secret;
