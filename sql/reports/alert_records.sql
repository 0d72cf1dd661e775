-- The records of one alert's requests with all their stages, where alert_evidence has the latest alone.
-- $evidence_from, $evidence_until  TIMESTAMP  what its evidence lies within; a request's stages share its time
-- alert_evidence                   see alert_evidence.sql
WITH around AS NOT MATERIALIZED (
  SELECT *
  FROM audit_events
  WHERE event_time >= $evidence_from::TIMESTAMP - INTERVAL 60 SECONDS
    AND event_time < $evidence_until::TIMESTAMP + INTERVAL 60 SECONDS
    AND event_date >= ($evidence_from::TIMESTAMP - INTERVAL 60 SECONDS)::DATE
    AND event_date <= ($evidence_until::TIMESTAMP + INTERVAL 60 SECONDS)::DATE
),

latest AS (
  SELECT around.*
  FROM around
  JOIN alert_evidence
    ON alert_evidence.event_time = around.event_time
    AND alert_evidence.source_uri = around.source_uri
    AND alert_evidence.source_record = around.source_record
    AND alert_evidence.audit_id IS NOT DISTINCT FROM around.audit_id
    AND alert_evidence.username IS NOT DISTINCT FROM around.username
    AND alert_evidence.request_uri IS NOT DISTINCT FROM around.request_uri
),

cut_responses AS (
  SELECT DISTINCT
    audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
  FROM latest
  WHERE salvaged AND event_time_source = 'container' AND stage = 'ResponseComplete' AND audit_id IS NOT NULL
),

-- The requests by what their stages share, and those that a cut response answers, which have another time than it.
asked AS (
  SELECT
    event_time, username, resource, verb, api_group, subresource, coalesce(audit_id, record_id) AS request_id, cluster,
    request_uri, false AS is_answered
  FROM latest
  UNION
  SELECT begun_at, username, resource, verb, api_group, subresource, audit_id, cluster, request_uri, true
  FROM cut.answered('around', 'cut_responses')
)

SELECT DISTINCT around.*
FROM around
JOIN asked
  ON asked.event_time = around.event_time
  AND asked.username IS NOT DISTINCT FROM around.username
  AND asked.resource IS NOT DISTINCT FROM around.resource
  AND asked.verb IS NOT DISTINCT FROM around.verb
  AND asked.api_group IS NOT DISTINCT FROM around.api_group
  AND asked.subresource IS NOT DISTINCT FROM around.subresource
  AND asked.request_id IS NOT DISTINCT FROM coalesce(around.audit_id, around.record_id)
  AND asked.cluster IS NOT DISTINCT FROM around.cluster
  AND asked.request_uri IS NOT DISTINCT FROM around.request_uri
WHERE NOT asked.is_answered
  OR (around.stage IN ('RequestReceived', 'ResponseStarted') AND around.event_time_source <> 'container');
