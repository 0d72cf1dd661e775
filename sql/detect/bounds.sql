-- What the evidence of all alerts lies within, so that its second reading is a short one: one row,
-- null without alerts. users are the known usernames of the alerts' groups.
SELECT
  min(evidence_from) AS evidence_from,
  max(last_breach) + INTERVAL 1 MICROSECOND AS evidence_until,
  list(DISTINCT username_group) FILTER (WHERE username_group IS NOT NULL) AS users
FROM spans
JOIN groups USING (group_id);
