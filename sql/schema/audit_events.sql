-- audit_events: one row per audit record, from the Parquet files of one snapshot of the lake.
-- $lake_files  VARCHAR[], a session variable: the committed files, at least one
-- event_date comes from the folders' names; while a file still waits in staging it is taken from
-- event_time instead, with hive_partitioning = false (src/engine/views.rs).
-- The columns are those of src/normalize/schema.rs and the partition; a test compares them. The
-- types are stated, so that a file which holds others is refused or converted, never guessed at.
CREATE VIEW audit_events AS
SELECT
  event_time::TIMESTAMP AS event_time,
  event_time_source::VARCHAR AS event_time_source,
  stage_time::TIMESTAMP AS stage_time,
  event_date::DATE AS event_date,
  log_type::VARCHAR AS log_type,
  cluster::VARCHAR AS cluster,
  account::VARCHAR AS account,
  region::VARCHAR AS region,
  log_stream::VARCHAR AS log_stream,
  audit_id::VARCHAR AS audit_id,
  record_id::VARCHAR AS record_id,
  stage::VARCHAR AS stage,
  level::VARCHAR AS level,
  verb::VARCHAR AS verb,
  request_uri::VARCHAR AS request_uri,
  user_agent::VARCHAR AS user_agent,
  api_group::VARCHAR AS api_group,
  api_version::VARCHAR AS api_version,
  resource::VARCHAR AS resource,
  subresource::VARCHAR AS subresource,
  namespace::VARCHAR AS namespace,
  name::VARCHAR AS name,
  username::VARCHAR AS username,
  user_uid::VARCHAR AS user_uid,
  user_groups::VARCHAR[] AS user_groups,
  user_extra::VARCHAR AS user_extra,
  impersonated_username::VARCHAR AS impersonated_username,
  impersonated_groups::VARCHAR[] AS impersonated_groups,
  source_ips::VARCHAR[] AS source_ips,
  response_code::INTEGER AS response_code,
  response_reason::VARCHAR AS response_reason,
  response_status::VARCHAR AS response_status,
  outcome::VARCHAR AS outcome,
  authz_decision::VARCHAR AS authz_decision,
  authz_reason::VARCHAR AS authz_reason,
  truncated::BOOLEAN AS truncated,
  salvaged::BOOLEAN AS salvaged,
  redacted::BOOLEAN AS redacted,
  source_uri::VARCHAR AS source_uri,
  source_record::BIGINT AS source_record,
  source_offset::BIGINT AS source_offset,
  annotations::VARCHAR AS annotations,
  request_object::VARCHAR AS request_object,
  response_object::VARCHAR AS response_object
FROM read_parquet(
  getvariable('lake_files'),
  hive_partitioning = true,
  hive_types = {'event_date': DATE},
  union_by_name = false
);
