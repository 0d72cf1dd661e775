-- touched, where there is no allow-list: no group.
SELECT group_id
FROM groups
WHERE false;
