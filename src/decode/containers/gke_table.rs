//! GKE: log entries as rows of a table: BigQuery's export of Cloud Logging (`protopayload_auditlog`, bodies as
//! strings in `requestJson`), and Microsoft Sentinel's GKEAuditLogs (`ProtoPayload`). Put together as a LogEntry again.

use super::gke_log_entry;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, Object};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "gke-table";

/// A LogEntry's field, with the other name of a column.
const ENTRY: [(&str, &str); 5] =
    [("insertId", ""), ("logName", ""), ("timestamp", "TimeGenerated"), ("resource", ""), ("operation", "")];

/// What BigQuery does to the fields of an audit log.
const BODIES: [(&str, &str); 3] =
    [("request", "requestJson"), ("response", "responseJson"), ("metadata", "metadataJson")];
const PLAIN: [&str; 4] = ["serviceName", "methodName", "resourceName", "status"];
/// Whose own fields may come in lower case too.
const NESTED: [(&str, &[&str]); 2] = [
    ("authenticationInfo", &["principalEmail", "principalSubject", "authoritySelector"]),
    ("requestMetadata", &["callerIp", "callerSuppliedUserAgent"]),
];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("protopayload_auditlog") || shape.has("ProtoPayload") || shape.has("protoPayload_auditlog")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let payload = fields
        .json("protopayload_auditlog")
        .or_else(|| fields.json("ProtoPayload"))
        .ok_or(Failure::NotMine)?;
    let payload = payload_of(&Fields::of(&payload)?);
    let mut entry = Object::new();
    for (field, other) in ENTRY {
        let value = fields.json(field).or_else(|| fields.raw(field).map(Into::into));
        entry = entry.json(field, value.or_else(|| fields.raw(other).map(Into::into)));
    }
    entry = entry.json("labels", fields.json("labels").map(|labels| labels_of(&labels)));
    gke_log_entry::decode_entry(job, &entry.json("protoPayload", Some(payload)).finish())
}

/// The labels. BigQuery allows no dots and slashes in the names of columns.
fn labels_of(json: &str) -> String {
    const RENAMED: [(&str, &str); 2] = [
        ("authorization.k8s.io/decision", "authorization_k8s_io_decision"),
        ("authorization.k8s.io/reason", "authorization_k8s_io_reason"),
    ];
    let fields = Fields::of(json).unwrap_or_default();
    if RENAMED.iter().all(|(_, column)| fields.raw(column).is_none()) {
        return json.to_owned();
    }
    let labels =
        RENAMED.iter().fold(Object::new(), |labels, (name, column)| labels.json(name, fields.raw(column)));
    labels.finish()
}

fn payload_of(fields: &Fields<'_>) -> String {
    let mut payload = Object::new();
    for field in PLAIN {
        payload = payload.json(field, fields.raw(field));
    }
    for (field, names) in NESTED {
        let nested = fields.object(field);
        let object = names.iter().fold(Object::new(), |object, name| object.json(name, nested.raw(name)));
        payload = payload.json(field, object.some());
    }
    if fields.raw("status").is_none() {
        let code = Object::new().json("code", fields.raw("statuscode")).some();
        payload = payload.json("status", code);
    }
    for (field, text) in BODIES {
        payload = payload.json(field, fields.json(text).or_else(|| fields.json(field)));
    }
    payload.finish()
}
