-- How many of the alerts of each threshold the allow-list silences; none are left out.
-- starts       of the run without the list
-- rest_starts  of the run with it, over the groups that it touches
-- Breaches of the second run are breaches of the first and link no further, so that an alert of the
-- first is left with one where a start of the second falls into it.
WITH held AS (
  SELECT DISTINCT rest_starts.threshold, rest_starts.group_id, starts.crossed_at
  FROM rest_starts
  ASOF JOIN starts
    ON starts.group_id = rest_starts.group_id
    AND starts.threshold = rest_starts.threshold
    AND rest_starts.crossed_at >= starts.crossed_at
)

SELECT starts.threshold, count(*) AS silenced
FROM starts
JOIN touched USING (group_id)
ANTI JOIN held
  ON held.group_id = starts.group_id AND held.threshold = starts.threshold AND held.crossed_at = starts.crossed_at
GROUP BY starts.threshold
ORDER BY starts.threshold;
