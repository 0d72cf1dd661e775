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

evidence AS (
  SELECT DISTINCT
    event_time, username, resource, verb, api_group, subresource, coalesce(audit_id, record_id) AS request_id, cluster,
    request_uri
  FROM latest
),

-- Responses that were cut have not the time of their requests: the nearest is theirs, as schema/cut_responses.sql has it.
cut_responses AS (
  SELECT DISTINCT
    audit_id, cluster, request_uri, verb, username, api_group, resource, subresource, namespace, name, event_time
  FROM latest
  WHERE salvaged AND event_time_source = 'container' AND stage = 'ResponseComplete' AND audit_id IS NOT NULL
),

answered AS (
  SELECT
    cut_responses.*,
    arg_min(
      begun.event_time, (abs(epoch_us(begun.event_time) - epoch_us(cut_responses.event_time)), begun.event_time)
    ) AS begun_at
  FROM around AS begun
  JOIN cut_responses
    ON begun.audit_id = cut_responses.audit_id
    AND begun.cluster IS NOT DISTINCT FROM cut_responses.cluster
    AND begun.request_uri IS NOT DISTINCT FROM cut_responses.request_uri
    AND begun.verb IS NOT DISTINCT FROM cut_responses.verb
    AND begun.username IS NOT DISTINCT FROM cut_responses.username
    AND begun.api_group IS NOT DISTINCT FROM cut_responses.api_group
    AND begun.resource IS NOT DISTINCT FROM cut_responses.resource
    AND begun.subresource IS NOT DISTINCT FROM cut_responses.subresource
    AND begun.namespace IS NOT DISTINCT FROM cut_responses.namespace
    AND begun.name IS NOT DISTINCT FROM cut_responses.name
    AND begun.event_time BETWEEN cut_responses.event_time - INTERVAL 60 SECONDS
      AND cut_responses.event_time + INTERVAL 60 SECONDS
  WHERE begun.stage IN ('RequestReceived', 'ResponseStarted') AND begun.event_time_source <> 'container'
  GROUP BY ALL
)

SELECT around.*
FROM around
JOIN evidence
  ON evidence.event_time = around.event_time
  AND evidence.username IS NOT DISTINCT FROM around.username
  AND evidence.resource IS NOT DISTINCT FROM around.resource
  AND evidence.verb IS NOT DISTINCT FROM around.verb
  AND evidence.api_group IS NOT DISTINCT FROM around.api_group
  AND evidence.subresource IS NOT DISTINCT FROM around.subresource
  AND evidence.request_id IS NOT DISTINCT FROM coalesce(around.audit_id, around.record_id)
  AND evidence.cluster IS NOT DISTINCT FROM around.cluster
  AND evidence.request_uri IS NOT DISTINCT FROM around.request_uri
UNION
SELECT around.*
FROM around
JOIN answered
  ON answered.begun_at = around.event_time
  AND answered.audit_id = around.audit_id
  AND answered.username IS NOT DISTINCT FROM around.username
  AND answered.resource IS NOT DISTINCT FROM around.resource
  AND answered.verb IS NOT DISTINCT FROM around.verb
  AND answered.api_group IS NOT DISTINCT FROM around.api_group
  AND answered.subresource IS NOT DISTINCT FROM around.subresource
  AND answered.cluster IS NOT DISTINCT FROM around.cluster
  AND answered.request_uri IS NOT DISTINCT FROM around.request_uri
WHERE around.stage IN ('RequestReceived', 'ResponseStarted') AND around.event_time_source <> 'container';
