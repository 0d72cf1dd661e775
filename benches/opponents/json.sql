-- The events of the JSON Lines themselves, by a typed schema: only what hunt.sql asks for is taken out of the JSON.
-- {input} is a path or glob.
SET preserve_insertion_order = false;
CREATE VIEW audit_events AS
SELECT
    requestReceivedTimestamp AS event_time,
    requestReceivedTimestamp::DATE AS event_date,
    stageTimestamp AS stage_time,
    auditID AS audit_id,
    NULL::VARCHAR AS record_id,
    NULL::VARCHAR AS cluster,
    stage,
    verb,
    requestURI AS request_uri,
    userAgent AS user_agent,
    objectRef.apiGroup AS api_group,
    objectRef.resource AS resource,
    objectRef.subresource AS subresource,
    objectRef.namespace AS namespace,
    objectRef.name AS name,
    "user".username AS username,
    sourceIPs AS source_ips,
    responseStatus.code AS response_code
FROM read_json(
    '{input}',
    format = 'newline_delimited',
    maximum_object_size = 33554432,
    columns = {
        requestReceivedTimestamp: 'TIMESTAMP',
        stageTimestamp: 'TIMESTAMP',
        auditID: 'VARCHAR',
        stage: 'VARCHAR',
        verb: 'VARCHAR',
        requestURI: 'VARCHAR',
        userAgent: 'VARCHAR',
        objectRef: 'STRUCT(apiGroup VARCHAR, resource VARCHAR, subresource VARCHAR, namespace VARCHAR, name VARCHAR)',
        "user": 'STRUCT(username VARCHAR)',
        sourceIPs: 'VARCHAR[]',
        responseStatus: 'STRUCT(code INTEGER)'
    }
);
