-- The records of one alert's requests with all their stages, where alert_evidence has the latest alone.
-- $evidence_from, $evidence_until  TIMESTAMP  what its evidence lies within; a request's stages share its time
-- alert_evidence                   see alert_evidence.sql
WITH spanned AS NOT MATERIALIZED (
  SELECT *
  FROM audit_events
  WHERE event_time >= $evidence_from AND event_time < $evidence_until
    AND event_date >= $evidence_from::DATE AND event_date <= $evidence_until::DATE
),

evidence AS (
  SELECT DISTINCT
    spanned.event_time, spanned.username, spanned.resource, spanned.verb, spanned.api_group, spanned.subresource,
    coalesce(spanned.audit_id, spanned.record_id) AS request_id, spanned.cluster, spanned.request_uri
  FROM spanned
  JOIN alert_evidence
    ON alert_evidence.event_time = spanned.event_time
    AND alert_evidence.source_uri = spanned.source_uri
    AND alert_evidence.source_record = spanned.source_record
    AND alert_evidence.audit_id IS NOT DISTINCT FROM spanned.audit_id
    AND alert_evidence.username IS NOT DISTINCT FROM spanned.username
    AND alert_evidence.request_uri IS NOT DISTINCT FROM spanned.request_uri
)

SELECT spanned.*
FROM spanned
JOIN evidence
  ON evidence.event_time = spanned.event_time
  AND evidence.username IS NOT DISTINCT FROM spanned.username
  AND evidence.resource IS NOT DISTINCT FROM spanned.resource
  AND evidence.verb IS NOT DISTINCT FROM spanned.verb
  AND evidence.api_group IS NOT DISTINCT FROM spanned.api_group
  AND evidence.subresource IS NOT DISTINCT FROM spanned.subresource
  AND evidence.request_id IS NOT DISTINCT FROM coalesce(spanned.audit_id, spanned.record_id)
  AND evidence.cluster IS NOT DISTINCT FROM spanned.cluster
  AND evidence.request_uri IS NOT DISTINCT FROM spanned.request_uri;
