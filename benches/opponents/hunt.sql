-- The same question asked of audit_events as parquet.sql or json.sql gives it: match, request, key, the window of
-- detect.sql with its time buckets, breaches and alerts with their evidence.
-- The window of requests names columns alone, so that DuckDB keeps the least row of each key in a hash table.
CREATE VIEW requests AS
SELECT *
FROM (
    SELECT
        *,
        coalesce(audit_id, record_id) AS request_id,
        ROW(
            CASE stage WHEN 'Panic' THEN 0 WHEN 'ResponseComplete' THEN 1 WHEN 'ResponseStarted' THEN 2 ELSE 3 END,
            -epoch_us(stage_time)
        ) AS precedence
    FROM audit_events
)
QUALIFY row_number() OVER (
    PARTITION BY event_time, event_date, username, resource, verb, api_group, subresource, request_id, cluster, request_uri
    ORDER BY precedence
) = 1;

CREATE TEMP TABLE matches AS
SELECT
    event_time, username, verb, namespace, name, source_ips, user_agent, request_uri, response_code,
    CASE
        WHEN name <> '' THEN to_json([cluster, nullif(namespace, ''), name])::VARCHAR
        WHEN verb NOT IN ('list', 'watch') THEN NULL
        WHEN namespace <> '' THEN to_json([verb, cluster, namespace])::VARCHAR
        ELSE to_json([verb, cluster])::VARCHAR
    END AS secret_key
FROM requests
WHERE resource = 'secrets' AND verb IN ('get', 'list', 'watch')
    AND coalesce(api_group, '') = '' AND coalesce(subresource, '') = ''
    AND NOT coalesce(
        starts_with(username, 'system:serviceaccount:kube-system:') OR starts_with(username, 'eks:')
        OR starts_with(username, 'masterclient') OR starts_with(username, 'gke-') OR starts_with(username, 'azure-')
        OR username = 'aksService'
        OR (starts_with(username, 'system:') AND NOT contains(username, 'serviceaccount')), false);

CREATE TEMP TABLE keys AS
SELECT secret_key, row_number() OVER ()::INTEGER AS key_id FROM (SELECT DISTINCT secret_key FROM matches);
CREATE TEMP TABLE users AS
SELECT username, row_number() OVER ()::INTEGER AS group_id FROM (SELECT DISTINCT username FROM matches);
CREATE TEMP TABLE reads AS
SELECT group_id, event_time, key_id
FROM matches
JOIN keys USING (secret_key)
JOIN users ON users.username IS NOT DISTINCT FROM matches.username;

CREATE TEMP TABLE breaches AS
WITH placed AS (
    SELECT group_id, event_time, key_id, epoch_us(event_time) // 21600000000 AS bucket, true AS reports
    FROM reads
    UNION ALL
    SELECT group_id, event_time, key_id, (epoch_us(event_time) + 1800000000) // 21600000000, false
    FROM reads
    WHERE (epoch_us(event_time) + 1800000000) // 21600000000 > epoch_us(event_time) // 21600000000
),
counted AS (
    SELECT group_id, event_time, reports, count(DISTINCT key_id) OVER (
        PARTITION BY group_id, bucket ORDER BY event_time
        RANGE BETWEEN to_microseconds(1800000000) PRECEDING AND CURRENT ROW
    ) AS distinct_secrets
    FROM placed
)
SELECT DISTINCT group_id, event_time, distinct_secrets FROM counted WHERE reports AND distinct_secrets >= 15;

WITH linked AS (
    SELECT *, coalesce(
        event_time - lag(event_time) OVER (PARTITION BY group_id ORDER BY event_time) > INTERVAL 30 MINUTES, true
    ) AS opens
    FROM breaches
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY group_id ORDER BY event_time) AS alert FROM linked
),
spans AS (
    SELECT group_id, alert, min(event_time) AS crossed_at, max(event_time) AS last_breach, max(distinct_secrets) AS peak
    FROM numbered
    GROUP BY ALL
)
SELECT
    users.username, crossed_at, peak, min(event_time), max(event_time), count(*), count(DISTINCT secret_key),
    list(DISTINCT namespace), list(DISTINCT name), list(DISTINCT user_agent), list(DISTINCT request_uri)
FROM spans
JOIN users USING (group_id)
JOIN matches ON matches.username IS NOT DISTINCT FROM users.username
    AND event_time BETWEEN crossed_at - INTERVAL 30 MINUTES AND last_breach
GROUP BY ALL
ORDER BY crossed_at, users.username;
