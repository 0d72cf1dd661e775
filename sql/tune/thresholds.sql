-- How many alerts each threshold gives without the allow-list, and of how many groups.
-- $lowest, $highest  BIGINT
-- starts             see starts.sql
SELECT thresholds.threshold, count(starts.group_id) AS alerts, count(DISTINCT starts.group_id) AS users
FROM (SELECT unnest(range($lowest, $highest + 1)) AS threshold) AS thresholds
LEFT JOIN starts USING (threshold)
GROUP BY thresholds.threshold
ORDER BY thresholds.threshold;
