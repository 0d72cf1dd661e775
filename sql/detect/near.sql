-- reads: those of a hunt's reads that can have a part in a breach, in the highest count of an excluded principal that
-- reaches the threshold, or in the nearest miss. To count all the others is most of what a window costs.
-- $from       TIMESTAMP  before which there is no read
-- $since      TIMESTAMP  inclusive
-- $window     BIGINT, µs
-- $dedup      BIGINT, µs: few windows at most, as an alert is cut into bins of one
-- $threshold  BIGINT
-- reads, groups  see the files of these names
-- In bins of one window, the window of a read lies in its own bin and the one before: its count is at most the distinct
-- secrets of both. The last read of a bin has all of the bin in its window: the highest count of a group is at least
-- that of its fullest bin.
WITH placed AS MATERIALIZED (
  SELECT DISTINCT group_id, key_id, (epoch_us(event_time) - epoch_us($from::TIMESTAMP)) // $window AS bin
  FROM reads
  WHERE key_id IS NOT NULL
),

-- How many secrets a bin has, and how many of them the bin before has not.
counted AS MATERIALIZED (
  SELECT placed.group_id, placed.bin, count(*) AS own, count(*) FILTER (WHERE before.key_id IS NULL) AS fresh
  FROM placed
  LEFT JOIN placed AS before
    ON before.group_id = placed.group_id AND before.key_id = placed.key_id AND before.bin = placed.bin - 1
  GROUP BY placed.group_id, placed.bin
),

bins AS (
  SELECT counted.group_id, counted.bin, counted.own AS at_least, counted.fresh + coalesce(before.own, 0) AS at_most
  FROM counted
  LEFT JOIN counted AS before ON before.group_id = counted.group_id AND before.bin = counted.bin - 1
),

-- Before $since nothing is asked of heights but whether they are breaches.
heights AS (
  SELECT
    group_id, exclusion, max(at_most) AS at_most,
    coalesce(max(at_least) FILTER (WHERE bin * $window >= epoch_us($since::TIMESTAMP) - epoch_us($from::TIMESTAMP)), 0)
      AS at_least
  FROM bins
  JOIN groups USING (group_id)
  GROUP BY group_id, exclusion
),

-- The nearest miss has at least as many as any group that surely misses.
missed AS (
  SELECT coalesce(max(at_least), 0) AS at_least
  FROM heights
  WHERE exclusion IS NULL AND at_most < $threshold
),

wanted AS (
  SELECT
    group_id,
    CASE
      WHEN exclusion IS NOT NULL THEN greatest(heights.at_least, $threshold)
      ELSE least(greatest(heights.at_least, missed.at_least), $threshold)
    END AS height
  FROM heights
  CROSS JOIN missed
),

-- What leads in the count of a bin's reads lies in the bin before. An alert shows counts from one window before its
-- first breach, and between two breaches.
reached AS (
  SELECT DISTINCT group_id, unnest(range(bin - 2 - $dedup // $window, bin + 1)) AS bin
  FROM bins
  JOIN wanted USING (group_id)
  WHERE bins.at_most >= wanted.height
)

SELECT reads.*
FROM reads
SEMI JOIN reached
  ON reached.group_id = reads.group_id
  AND reached.bin = (epoch_us(reads.event_time) - epoch_us($from::TIMESTAMP)) // $window;
