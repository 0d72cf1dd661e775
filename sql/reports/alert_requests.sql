-- Every request of one alert, with the place of its record in its source.
-- alert_evidence  see alert_evidence.sql
SELECT
  event_time, cluster, username, verb, namespace, secret, outcome, response_code, source_ips, user_agent,
  request_uri, audit_id, log_type, source_uri, source_record, source_offset
FROM alert_evidence
ORDER BY event_time, source_uri, source_record;
