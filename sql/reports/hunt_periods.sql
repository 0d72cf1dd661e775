-- periods: for each group of a hunt's alerts the time its secrets are looked for in, from some hours before
-- an alert was crossed to shortly after it was last seen; what overlaps is joined.
-- $span_ids       BIGINT[]    the alerts; those that an allow-list silences are none of them
-- $past, $around  BIGINT, µs  how far it reaches before the crossing, and after the last breach
-- spans           see detect/spans.sql
WITH reaches AS (
  SELECT
    group_id, crossed_at - to_microseconds($past) AS past_from, last_breach + to_microseconds($around) AS past_to
  FROM spans
  WHERE span_id IN (SELECT unnest($span_ids::BIGINT[]))
),

marked AS (
  SELECT
    *, past_from > max(past_to) OVER (
      PARTITION BY group_id ORDER BY past_from, past_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS stands_apart
  FROM reaches
),

numbered AS (
  SELECT
    *, sum(CASE WHEN stands_apart THEN 1 ELSE 0 END) OVER (
      PARTITION BY group_id ORDER BY past_from, past_to ROWS UNBOUNDED PRECEDING
    ) AS period
  FROM marked
)

SELECT group_id, min(past_from) AS past_from, max(past_to) AS past_to
FROM numbered
GROUP BY group_id, period;
