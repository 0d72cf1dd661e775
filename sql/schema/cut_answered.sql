-- cut.answered(begun, cut_responses): cut responses with the time of the request that each answers, begun_at.
-- A cut response lost its times with its end, and has its container's, so that nothing else joins it to its request.
-- It answers one request, the nearest that began within 60 seconds of it. Never all of them: a client can set the
-- Audit-ID, and one cut response would hide every request that repeats it. What was read stands in the key too, as a
-- record that was cut inside its objectRef has lost some of it.
-- begun          VARCHAR  a relation like audit_events
-- cut_responses  VARCHAR  a relation like cut.records
CREATE MACRO cut.answered(begun, cut_responses) AS TABLE
SELECT
  responses.*,
  arg_min(
    requests.event_time, (abs(epoch_us(requests.event_time) - epoch_us(responses.event_time)), requests.event_time)
  ) AS begun_at
FROM query_table(begun) AS requests
JOIN query_table(cut_responses) AS responses
  ON requests.audit_id = responses.audit_id
  AND requests.cluster IS NOT DISTINCT FROM responses.cluster
  AND requests.request_uri IS NOT DISTINCT FROM responses.request_uri
  AND requests.verb IS NOT DISTINCT FROM responses.verb
  AND requests.username IS NOT DISTINCT FROM responses.username
  AND requests.api_group IS NOT DISTINCT FROM responses.api_group
  AND requests.resource IS NOT DISTINCT FROM responses.resource
  AND requests.subresource IS NOT DISTINCT FROM responses.subresource
  AND requests.namespace IS NOT DISTINCT FROM responses.namespace
  AND requests.name IS NOT DISTINCT FROM responses.name
  AND requests.event_time BETWEEN responses.event_time - INTERVAL 60 SECONDS
    AND responses.event_time + INTERVAL 60 SECONDS
WHERE requests.stage IN ('RequestReceived', 'ResponseStarted') AND requests.event_time_source <> 'container'
GROUP BY ALL;
