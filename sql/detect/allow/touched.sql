-- touched: the groups of which the allow-list takes out a read, and which without it reach $least.
-- $allow_active  VARCHAR  the mask of the entries in force
-- $least         BIGINT   distinct secrets
SELECT group_id
FROM counts
GROUP BY group_id
HAVING
  max(distinct_secrets) >= $least
  AND group_id IN (SELECT group_id FROM allow_reads WHERE bit_count(mask & $allow_active::BIT) > 0);
