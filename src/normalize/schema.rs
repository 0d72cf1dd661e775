//! The columns of `audit_events`: the contract between Rust and SQL, stated once.
//!
//! `lake schema`, the README's table and the Parquet files all come from [`COLUMNS`].

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// How a column's values are typed, in Arrow's terms when building and in Parquet's when stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// TIMESTAMP, microseconds, UTC, isAdjustedToUTC=false: with true, engines whose session is
    /// in another time zone shift filters on a day.
    Timestamp,
    Varchar,
    /// VARCHAR that holds JSON text.
    Json,
    /// VARCHAR[]
    VarcharList,
    Integer,
    BigInt,
    Boolean,
}

impl ColumnType {
    /// As SQL has it.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Timestamp => "TIMESTAMP",
            Self::Varchar => "VARCHAR",
            Self::Json => "VARCHAR (JSON)",
            Self::VarcharList => "VARCHAR[]",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Boolean => "BOOLEAN",
        }
    }
}

/// One column of `audit_events`.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub column_type: ColumnType,
    pub nullable: bool,
    pub meaning: &'static str,
}

const fn column(name: &'static str, column_type: ColumnType, meaning: &'static str) -> Column {
    Column { name, column_type, nullable: true, meaning }
}

const fn required(name: &'static str, column_type: ColumnType, meaning: &'static str) -> Column {
    Column { name, column_type, nullable: false, meaning }
}

use ColumnType::{BigInt, Boolean, Integer, Json, Timestamp, Varchar, VarcharList};

/// The name of the hive partition column; it stands in the folder names, not in the files.
pub const PARTITION_COLUMN: &str = "event_date";

/// What it means; its type is DATE.
pub const PARTITION_MEANING: &str = "UTC date of event_time; the partition";

/// Every column stored in a Parquet file, in file order: what hunts filter on first, bodies last.
pub const COLUMNS: &[Column] = &[
    required("event_time", Timestamp, "when the API server received the request (UTC)"),
    required("event_time_source", Varchar, "the field event_time was read from"),
    column("stage_time", Timestamp, "when this stage was reached (stageTimestamp)"),
    required(
        "log_type",
        Varchar,
        "Amazon.EKS.Audit, Azure.MonitorActivity, GCP.AuditLog or Kubernetes.Audit",
    ),
    column("cluster", Varchar, "the cluster, from the container or the command line"),
    column("account", Varchar, "AWS account, Azure subscription or Google project"),
    column("region", Varchar, "the cloud's region or location"),
    column("log_stream", Varchar, "the container's stream: AKS category, GKE log id, CloudWatch stream"),
    column("audit_id", Varchar, "auditID; GKE operation.id"),
    column("record_id", Varchar, "GKE insertId; a hash of the content for a record without any id"),
    column("stage", Varchar, "RequestReceived, ResponseStarted, ResponseComplete or Panic"),
    column("level", Varchar, "Metadata, Request or RequestResponse"),
    column("verb", Varchar, "get, list, watch, create, update, patch, delete, ..."),
    column("request_uri", Varchar, "the request's URI; on GKE rebuilt from resourceName"),
    column("user_agent", Varchar, "as the client sent it"),
    column("api_group", Varchar, "objectRef.apiGroup; the core group is the empty string"),
    column("api_version", Varchar, "objectRef.apiVersion"),
    column("resource", Varchar, "objectRef.resource, such as secrets"),
    column("subresource", Varchar, "objectRef.subresource, such as exec"),
    column("namespace", Varchar, "objectRef.namespace"),
    column("name", Varchar, "objectRef.name"),
    column("username", Varchar, "the authenticated caller"),
    column("user_uid", Varchar, "user.uid"),
    column("user_groups", VarcharList, "user.groups; null where there are none"),
    column("user_extra", Json, "user.extra; on EKS it holds the IAM arn and session name"),
    column("impersonated_username", Varchar, "the effective user, where the caller impersonates"),
    column("impersonated_groups", VarcharList, "impersonatedUser.groups; null where there are none"),
    column(
        "source_ips",
        VarcharList,
        "as logged, null where there are none; only the last entry is trustworthy",
    ),
    column("response_code", Integer, "HTTP status; a gRPC status of GKE is mapped to HTTP"),
    column("response_reason", Varchar, "responseStatus.reason"),
    column("response_status", Json, "the status object as logged, but for what it quotes of a Secret"),
    column("outcome", Varchar, "success, denied, failed or unknown"),
    column("authz_decision", Varchar, "annotation authorization.k8s.io/decision"),
    column("authz_reason", Varchar, "annotation authorization.k8s.io/reason"),
    required("truncated", Boolean, "the record was cut by its producer"),
    required("salvaged", Boolean, "the record was read from a cut record"),
    required("redacted", Boolean, "secret values were removed from the record"),
    required("source_uri", Varchar, "the source the record came from"),
    required("source_record", BigInt, "the record's number in its source, from 0"),
    required("source_offset", BigInt, "offset of the outermost value or line after decompression"),
    column("annotations", Json, "annotations as logged"),
    column("request_object", Json, "the request's body, secret values removed"),
    column("response_object", Json, "the response's body, secret values removed"),
];

/// Name, type and meaning of every column of `audit_events` as SQL sees it, the partition last.
pub fn described() -> impl Iterator<Item = (&'static str, String, &'static str)> {
    let columns = COLUMNS.iter().map(|column| {
        let not_null = if column.nullable { "" } else { ", not null" };
        (column.name, format!("{}{not_null}", column.column_type.sql()), column.meaning)
    });
    columns.chain([(PARTITION_COLUMN, "DATE, not null".to_owned(), PARTITION_MEANING)])
}

/// [`described`] as the README has it.
pub fn markdown() -> String {
    let rows = described().map(|(name, kind, meaning)| format!("| {name} | {kind} | {meaning} |\n"));
    format!("| column | type | meaning |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// The Arrow schema that the lake is written with. List items are named `element`, as Parquet has it.
pub static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<Field> =
        COLUMNS.iter().map(|c| Field::new(c.name, data_type(c.column_type), c.nullable)).collect();
    Arc::new(Schema::new(fields))
});

fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Varchar | Json => DataType::Utf8View,
        VarcharList => DataType::List(Arc::new(Field::new("element", DataType::Utf8View, true))),
        Integer => DataType::Int32,
        BigInt => DataType::Int64,
        Boolean => DataType::Boolean,
    }
}

/// Position of a column in [`COLUMNS`].
///
/// # Panics
/// When there is no such column: a mistake in this program, never of its input.
pub fn position(name: &str) -> usize {
    COLUMNS.iter().position(|c| c.name == name).unwrap_or_else(|| panic!("no column {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_same_table() {
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&markdown()), "`kubetrawl lake schema --format markdown` has another table");
    }
}
