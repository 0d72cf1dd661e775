-- kept: the counts of the first method, while the second takes the place of counts.
SELECT group_id, event_time, distinct_secrets
FROM counts;
