-- The distinct secrets of a hunt, numbered: the window counts integers in place of strings.
-- Read from the records of all stages, which saves the view's sort; a number nobody uses is no harm.
SELECT secret_key, (row_number() OVER ())::INTEGER AS key_id
FROM (
  SELECT DISTINCT secret_key
  FROM matches('audit_events', $log_types, $from, $until, NULL::VARCHAR[], $by, $secret_key, $include_system)
  WHERE secret_key IS NOT NULL
);
