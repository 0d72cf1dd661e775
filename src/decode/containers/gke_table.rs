//! GKE: log entries as rows of a table: BigQuery's export of Cloud Logging (`protopayload_auditlog`, bodies as
//! strings in `requestJson`), and Microsoft Sentinel's GKEAuditLogs (`ProtoPayload`).

use std::borrow::Cow;

use super::gke_entry::{AuthenticationInfo, Entry, Payload, RequestMetadata, operation_of, resource_of};
use super::gke_log_entry;
use crate::decode::fields::{Fields, Object};
use crate::decode::job::Job;
use crate::decode::nested::Nested;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Failure, Raw, Text};

pub(super) const NAME: &str = "gke-table";

/// The payload's columns; case doesn't matter.
const PAYLOADS: [&str; 2] = ["protopayload_auditlog", "ProtoPayload"];

/// What BigQuery calls these labels: it allows no dots and slashes in the names of columns.
const LABELS: [(&str, &str); 2] = [
    ("authorization.k8s.io/decision", "authorization_k8s_io_decision"),
    ("authorization.k8s.io/reason", "authorization_k8s_io_reason"),
];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("protopayload_auditlog") || shape.has("ProtoPayload") || shape.has("protoPayload_auditlog")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let payload = PAYLOADS.into_iter().find_map(|column| Some((column, fields.json(column)?)));
    let (column, json) = payload.ok_or(Failure::NotMine)?;
    let payload = match &json {
        // It was read with the row.
        Cow::Borrowed(json) if json.starts_with('{') => fields.object(column),
        json => Fields::of(json)?,
    };
    let made = Made::of(fields, &payload);
    gke_log_entry::decode_entry(job, entry(fields, &payload, &made)?, record.text)
}

/// Values of a LogEntry that stand in strings, or not as they are, as JSON.
struct Made<'a> {
    resource: Option<Cow<'a, str>>,
    operation: Option<Cow<'a, str>>,
    labels: Option<Cow<'a, str>>,
    request: Option<Cow<'a, str>>,
    response: Option<Cow<'a, str>>,
    status: Option<Cow<'a, str>>,
}

impl<'a> Made<'a> {
    fn of(fields: &Fields<'a>, payload: &Fields<'a>) -> Self {
        // An empty text is how tables say that there is nothing.
        let text = |column| fields.raw(column).filter(|raw| *raw != "\"\"").map(Cow::Borrowed);
        let json = |column| fields.json(column).or_else(|| text(column));
        let body = |column, field| payload.json(column).or_else(|| payload.json(field));
        Self {
            resource: json("resource"),
            operation: json("operation"),
            labels: fields.json("labels").map(labels),
            request: body("requestJson", "request"),
            response: body("responseJson", "response"),
            status: payload.raw("status").map(Cow::Borrowed).or_else(|| status(payload).map(Cow::Owned)),
        }
    }
}

fn entry<'a>(fields: &Fields<'a>, payload: &Fields<'a>, made: &'a Made<'_>) -> Result<Entry<'a>, Failure> {
    let mut nested = Nested::default();
    let timestamp = match text(&mut nested, fields, "timestamp")? {
        None => text(&mut nested, fields, "TimeGenerated")?,
        timestamp => timestamp,
    };
    Ok(Entry {
        insert_id: text(&mut nested, fields, "insertId")?,
        log_name: text(&mut nested, fields, "logName")?,
        timestamp,
        resource: nested.read(made.resource.as_deref(), resource_of, "resource")?,
        labels: nested.annotations(made.labels.as_deref()),
        operation: nested.read(made.operation.as_deref(), operation_of, "operation")?,
        proto_payload: Some(Payload {
            service_name: text(&mut nested, payload, "serviceName")?,
            method_name: text(&mut nested, payload, "methodName")?,
            resource_name: text(&mut nested, payload, "resourceName")?,
            authentication_info: Some(caller(&mut nested, &payload.object("authenticationInfo"))?),
            request_metadata: Some(metadata(&mut nested, &payload.object("requestMetadata"))?),
            request: nested.body(made.request.as_deref()),
            response: nested.status(made.response.as_deref()),
            status: made.status.as_deref().map(Raw),
        }),
        parts: nested.parts(),
        ..Entry::default()
    })
}

fn caller<'a>(nested: &mut Nested<'a>, caller: &Fields<'a>) -> Result<AuthenticationInfo<'a>, Failure> {
    Ok(AuthenticationInfo {
        principal_email: text(nested, caller, "principalEmail")?,
        principal_subject: text(nested, caller, "principalSubject")?,
        authority_selector: text(nested, caller, "authoritySelector")?,
    })
}

fn metadata<'a>(nested: &mut Nested<'a>, metadata: &Fields<'a>) -> Result<RequestMetadata<'a>, Failure> {
    Ok(RequestMetadata {
        // In any case, as names of columns are.
        caller_ip: text(nested, metadata, "callerIp")?,
        caller_ip_normalised: None,
        caller_supplied_user_agent: text(nested, metadata, "callerSuppliedUserAgent")?,
    })
}

fn text<'a>(nested: &mut Nested<'a>, fields: &Fields<'a>, name: &str) -> Result<Option<Text<'a>>, Failure> {
    nested.read(fields.raw(name), |json| quick::text(json).map(Some), name).map(Option::flatten)
}

/// The labels by their own names.
fn labels(json: Cow<'_, str>) -> Cow<'_, str> {
    let fields = Fields::of(&json).unwrap_or_default();
    let renamed =
        LABELS.iter().fold(Object::new(), |labels, (name, column)| labels.json(name, fields.raw(column)));
    renamed.some().map_or(json, Cow::Owned)
}

/// The status, where its code is a column.
fn status(payload: &Fields<'_>) -> Option<String> {
    Object::new().json("code", payload.raw("statuscode")).some()
}
