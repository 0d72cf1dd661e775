-- cut.latest(relation): one row per API request of a relation like audit_events, the record with the latest of its stages.
-- Never by audit_id alone: a client can set it, and one repeated id would hide every request but
-- one. event_date, api_group, resource and subresource are the same in every stage; they stand in
-- the key so that filters on them are pushed below the window and files are skipped.
-- The window names columns alone, and nothing but its first row is asked for: DuckDB 2.0 then keeps the least row of
-- each key in a hash table. With an expression in PARTITION BY or ORDER BY it sorts all rows instead, which took three
-- times as long, and so it does where a filter on a column that is not in the key stands above the window.
CREATE MACRO cut.latest(relation) AS TABLE
SELECT * EXCLUDE (request_id, precedence)
FROM (
  SELECT *
  FROM (
    SELECT
      *,
      coalesce(audit_id, record_id) AS request_id,
      -- One row in place of five keys, by which it would sort too. In it a null comes last.
      ROW(
        CASE stage WHEN 'Panic' THEN 0 WHEN 'ResponseComplete' THEN 1 WHEN 'ResponseStarted' THEN 2 ELSE 3 END,
        -epoch_us(stage_time), record_id, source_uri, source_record
      ) AS precedence
    FROM query_table(relation)
  ) AS records
  QUALIFY row_number() OVER (
    PARTITION BY
      event_time, event_date, username, resource, verb, api_group, subresource, request_id, cluster, request_uri
    ORDER BY precedence
  ) = 1
) AS latest;
