//! The records of a test: completed, decoded, normalized and written as Parquet.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Bench;
use crate::decode::{DecodeOptions, Decoded, Decoder, LogType};
use crate::detect::DetectError;
use crate::lake::writer;
use crate::normalize::{Defaults, Place, RowBuilder};

/// When every test begins: 2026-11-22T10:00:00Z, in microseconds.
pub const BEGINNING: i64 = 1_795_341_600_000_000;

const LOG_TYPES: [LogType; 4] =
    [LogType::EksAudit, LogType::AzureMonitorActivity, LogType::GcpAuditLog, LogType::KubernetesAudit];

/// A Log with what it leaves out: a time, an id of its own, an empty URI and a user without a name. Only here: in an
/// ingest, a record without any time or user is a reject.
pub fn complete(log: &Value, number: usize, at: i64) -> Value {
    let mut log = log.clone();
    if let Some(fields) = log.as_object_mut() {
        default(fields, "auditID", json!(format!("test-{number}")));
        default(fields, "requestURI", json!(""));
        default(fields, "user", json!({}));
        if !fields.contains_key("timestamp") {
            let time = Timestamp::from_microsecond(BEGINNING + at).unwrap_or_default();
            default(fields, "requestReceivedTimestamp", json!(format!("{time:.6}")));
        }
    }
    log
}

fn default(fields: &mut Map<String, Value>, name: &str, value: Value) {
    fields.entry(name).or_insert(value);
}

/// Writes records as an ingest would; each must be one audit event.
pub fn write(bench: &Bench<'_>, logs: &[Value], folder: &Path) -> Result<Vec<PathBuf>, DetectError> {
    let mut rows = RowBuilder::new();
    for (number, log) in (0..).zip(logs) {
        append(bench, log, number, &mut rows)?;
    }
    if rows.rows() == 0 {
        return Ok(Vec::new());
    }
    let mut files = 0;
    let mut name = || {
        files += 1;
        format!("{files}.parquet")
    };
    let staged = writer::write(&rows.finish(), folder, &mut name)
        .map_err(|error| DetectError::Records(error.into()))?;
    Ok(staged.into_iter().map(|written| written.file.path).collect())
}

fn append(bench: &Bench<'_>, log: &Value, number: i64, rows: &mut RowBuilder) -> Result<(), DetectError> {
    let mut decoder = Decoder::new(DecodeOptions { log_type: log_type(bench, log)? });
    let place = Place { source_uri: bench.test, source_record: number, source_offset: 0 };
    let mut refused = None;
    decoder.decode(log.to_string().as_bytes(), &mut |decoded| match decoded {
        Decoded::Event(event) => rows.append(event, &place, &Defaults::default()),
        Decoded::Other(kind) => refused = Some(format!("its record is {kind}")),
        Decoded::Reject(reject) => {
            refused = Some(format!("its record is rejected: {}", reject.reason.detail))
        }
    });
    refused.map_or(Ok(()), |reason| Err(bench.refuse(reason)))
}

/// The log type that Panther names in `p_log_type`.
fn log_type(bench: &Bench<'_>, log: &Value) -> Result<Option<LogType>, DetectError> {
    let Some(name) = log.get("p_log_type").and_then(Value::as_str) else { return Ok(None) };
    let found = LOG_TYPES.into_iter().find(|log_type| log_type.as_str() == name);
    found.map(Some).ok_or_else(|| bench.refuse(format!("there is no log type '{name}'")))
}
