-- matches: the requests that read secrets.
-- relation               VARCHAR    the view to read: 'requests', or 'audit_events' where stages do no harm
-- log_types              VARCHAR[]  the rule's LogTypes
-- from_time, until_time  TIMESTAMP  the requests to take: from (inclusive) and until (exclusive)
-- users                  VARCHAR[]  only these usernames, and the unknown; null for all
-- A hunt takes requests that differ in the first columns alone together, as one kind. What counted.sql needs is in the
-- others: the fewer values they have, the less there is to do.
CREATE OR REPLACE TEMP MACRO matches(relation, log_types, from_time, until_time, users) AS TABLE
SELECT
  event_time, audit_id, source_uri, source_record, source_offset,
  username, user_extra, impersonated_username, verb, namespace, name, cluster, log_type, source_ips, user_agent,
  request_uri, response_code, coalesce(outcome, 'unknown') AS outcome, resource
FROM query_table(relation)
WHERE resource = 'secrets'
  AND verb IN ('get', 'list', 'watch')
  AND (api_group = '' OR api_group IS NULL)
  AND (subresource = '' OR subresource IS NULL)
  AND event_time >= from_time AND event_time < until_time
  AND event_date >= from_time::DATE AND event_date <= until_time::DATE
  AND (users IS NULL OR username IS NULL OR list_contains(users, username))
  -- A join, as a filter on what is not in the key of requests makes its window sort (schema/latest.sql).
  AND log_type IN (SELECT unnest(log_types));
