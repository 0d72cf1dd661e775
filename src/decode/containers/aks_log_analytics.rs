//! AKS: rows of a Log Analytics workspace, as JSON or CSV. `AzureDiagnostics` holds the event's text in `log_s`;
//! `AKSAudit` and `AKSAuditAdmin` (and `ArcK8sAudit`, of the same shape) have a column for each of its fields but
//! impersonatedUser.

use super::message;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, json_of, scalar};
use crate::decode::nested::Nested;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Event, Failure, Text};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "aks-log-analytics";

/// In place of a body that was too long.
const TOO_BIG: &str = "skipped-too-big-size-object";

/// Columns of both kinds of tables; these and those below in the order of the tables' schemas.
const ROW: [&str; 6] = ["TimeGenerated", "log_s", "Category", "Type", "ResourceId", "_ResourceId"];

/// Columns that hold text.
const TEXTS: [&str; 8] = [
    "Level",
    "AuditId",
    "Stage",
    "RequestUri",
    "Verb",
    "UserAgent",
    "RequestReceivedTime",
    "StageReceivedTime",
];

/// Columns that hold JSON, as it is or as text.
const NESTED: [&str; 7] =
    ["User", "SourceIps", "ObjectRef", "ResponseStatus", "RequestObject", "ResponseObject", "Annotations"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("log_s") || (shape.has("AuditId") && shape.has("Verb"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let [time, log, category, table, resource_id, own_resource_id] = fields.several(&ROW);
    let resource = own_resource_id.or(resource_id).and_then(scalar);
    let resource = resource.unwrap_or_default().to_ascii_lowercase();
    let category = category.and_then(scalar).or_else(|| table.and_then(scalar));
    let context = Context {
        log_type: Some(LogType::AzureMonitorActivity),
        cluster: resource.rsplit('/').next().filter(|name| !name.is_empty()),
        account: resource.split('/').skip_while(|part| *part != "subscriptions").nth(1),
        log_stream: category.as_deref(),
        time: time.and_then(scalar).and_then(|text| time::parse(&text)),
        cut: job.is_cut(),
        ..Context::default()
    };
    if let Some(log) = log.and_then(scalar) {
        match category.as_deref() {
            Some(category) if !category.starts_with("kube-audit") => job.other(&format!("aks:{category}")),
            _ => message::decode(job, &log, &context),
        }
        return Ok(());
    }
    let nested = fields.several(&NESTED).map(|json| json.and_then(json_of));
    let nested = nested.each_ref().map(Option::as_deref);
    let mut event = event(fields, nested)?.into_audit(record.text, &context)?;
    event.truncated |= nested.contains(&Some(TOO_BIG));
    job.event(&event);
    Ok(())
}

/// The Event of a row.
fn event<'a>(fields: &Fields<'a>, nested: [Option<&'a str>; NESTED.len()]) -> Result<Event<'a>, Failure> {
    let [level, audit_id, stage, request_uri, verb, user_agent, received, stage_time] =
        fields.several(&TEXTS).map(|json| json.and_then(scalar).map(Text));
    let is_json = |json: &&str| json.starts_with(['{', '[']);
    let [user, source_ips, object_ref, status, request, response, annotations] =
        nested.map(|column| column.filter(is_json));
    let mut nested = Nested::default();
    Ok(Event {
        audit_id,
        level,
        request_uri,
        stage,
        user_agent,
        verb,
        request_received_timestamp: received,
        stage_timestamp: stage_time,
        annotations: nested.annotations(annotations),
        object_ref: nested.read(object_ref, quick::object_ref_of, "objectRef")?,
        request_object: nested.body(request),
        response_object: nested.body(response),
        response_status: nested.status(status),
        source_ips: nested.read(source_ips, quick::texts_of, "sourceIPs")?,
        user: nested.read(user, quick::user_of, "user")?,
        parts: nested.parts(),
        ..Event::default()
    })
}
