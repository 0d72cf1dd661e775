-- The counts of detect/anchored.sql by another method: the openings are folded out of each group's
-- list of instants, and a secret counts from its first read in a window on.
-- $window  BIGINT, µs
-- reads    as for detect/anchored.sql
WITH histories AS (
  SELECT group_id, list(DISTINCT epoch_us(event_time)) AS instants
  FROM reads
  WHERE key_id IS NOT NULL
  GROUP BY group_id
),

windows AS (
  SELECT
    group_id,
    unnest(list_reduce(
      list_transform(list_sort(instants), lambda instant: [instant]),
      lambda openings, instant:
        CASE WHEN instant[1] - openings[-1] > $window THEN list_append(openings, instant[1]) ELSE openings END
    )) AS opened
  FROM histories
),

first_reads AS (
  SELECT windows.group_id, windows.opened, min(epoch_us(reads.event_time)) AS instant
  FROM windows
  JOIN reads
    ON reads.group_id = windows.group_id
    AND epoch_us(reads.event_time) BETWEEN windows.opened AND windows.opened + $window
  WHERE reads.key_id <> 0
  GROUP BY windows.group_id, windows.opened, reads.key_id
),

entered AS (
  SELECT group_id, opened, instant, count(*) AS secrets
  FROM first_reads
  GROUP BY group_id, opened, instant
),

instants AS (
  SELECT DISTINCT windows.group_id, windows.opened, epoch_us(reads.event_time) AS instant
  FROM windows
  JOIN reads
    ON reads.group_id = windows.group_id
    AND epoch_us(reads.event_time) BETWEEN windows.opened AND windows.opened + $window
  WHERE reads.key_id <> 0
)

SELECT
  instants.group_id, make_timestamp(instants.instant) AS event_time,
  CAST(sum(coalesce(entered.secrets, 0)) OVER (
    PARTITION BY instants.group_id, instants.opened ORDER BY instants.instant
  ) AS BIGINT) AS distinct_secrets
FROM instants
LEFT JOIN entered
  ON entered.group_id = instants.group_id AND entered.opened = instants.opened AND entered.instant = instants.instant;
