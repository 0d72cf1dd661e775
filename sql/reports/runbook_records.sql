-- records_of_users: the records of the users whom runbooks are about, at most so many; from before their past hours the
-- columns that the history is told by.
-- $users         VARCHAR[]  the users
-- $unknown_user  BOOLEAN    whether records without a username are asked for too
-- $from          TIMESTAMP  the start of the first span of past hours, inclusive
-- $until         TIMESTAMP  the end of the last span that is looked at, inclusive
-- $most          BIGINT
-- Scan by scan, as row groups are skipped by each filter alone and not by two.
WITH past AS NOT MATERIALIZED (
  SELECT * REPLACE (NULL::VARCHAR AS annotations, NULL::VARCHAR AS response_object)
  FROM audit_events
  WHERE event_time BETWEEN $from AND $until AND event_date BETWEEN $from::DATE AND $until::DATE
),

history AS NOT MATERIALIZED (
  SELECT
    event_time, stage_time, event_date, cluster, audit_id, record_id, stage, verb, request_uri, user_agent, api_group,
    resource, subresource, namespace, name, username, source_ips, response_code, outcome, source_uri, source_record,
    request_object
  FROM audit_events
  WHERE event_time < $from AND event_date <= $from::DATE
)

SELECT *
FROM (
  SELECT * FROM past WHERE username IN (SELECT unnest($users::VARCHAR[]))
  UNION ALL BY NAME
  SELECT * FROM past WHERE username IS NULL AND $unknown_user
  UNION ALL BY NAME
  SELECT * FROM history WHERE username IN (SELECT unnest($users::VARCHAR[]))
  UNION ALL BY NAME
  SELECT * FROM history WHERE username IS NULL AND $unknown_user
)
LIMIT $most;
