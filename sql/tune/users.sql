-- Every group with its highest and its usual count, without the allow-list and with it; the highest first.
-- $most       BIGINT  rows to return; users is the number of all
-- peaks       of the run without the list
-- rest_peaks  of the run with it, over the groups in touched; the others are as without it
SELECT
  username_group, effective_user_group, session_group, cluster_group, source_ip_group, user_agent_group,
  peaks.peak_distinct, peaks.peaked_at, peaks.usual_distinct, peaks.active_days,
  CASE WHEN touched.group_id IS NULL THEN peaks.peak_distinct ELSE coalesce(rest_peaks.peak_distinct, 0) END
    AS left_distinct,
  CASE WHEN touched.group_id IS NULL THEN peaks.usual_distinct ELSE coalesce(rest_peaks.usual_distinct, 0) END
    AS left_usual,
  count(*) OVER () AS users
FROM peaks
JOIN groups ON groups.group_id = peaks.group_id
LEFT JOIN touched ON touched.group_id = peaks.group_id
LEFT JOIN rest_peaks ON rest_peaks.group_id = peaks.group_id
WHERE groups.exclusion IS NULL
ORDER BY
  peaks.peak_distinct DESC, username_group NULLS LAST, effective_user_group NULLS LAST, session_group NULLS LAST,
  cluster_group NULLS LAST, source_ip_group NULLS LAST, user_agent_group NULLS LAST
LIMIT $most;
