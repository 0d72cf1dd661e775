//! AKS: rows of a Log Analytics workspace, as JSON or CSV. `AzureDiagnostics` holds the event's text in `log_s`;
//! `AKSAudit` and `AKSAuditAdmin` (and `ArcK8sAudit`, of the same shape) have a column for each of its fields but
//! impersonatedUser.

use super::message;
use crate::decode::fields::{json_of, scalar};
use crate::decode::job::Job;
use crate::decode::nested::Nested;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Event, Failure, Text};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "aks-log-analytics";

/// In place of a body that was too long.
const TOO_BIG: &str = "skipped-too-big-size-object";

/// Columns of both kinds of tables. Rows may have them in any order, and those that have them in this one, as simulated
/// rows do, are quickest to read. `User` and what else is nested is JSON, as it is or as text.
const COLUMNS: [&str; 21] = [
    "TimeGenerated",
    "Level",
    "AuditId",
    "Stage",
    "RequestUri",
    "Verb",
    "User",
    "SourceIps",
    "UserAgent",
    "ObjectRef",
    "ResponseStatus",
    "RequestObject",
    "ResponseObject",
    "RequestReceivedTime",
    "StageReceivedTime",
    "Annotations",
    "ResourceId",
    "Category",
    "log_s",
    "Type",
    "_ResourceId",
];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("log_s") || (shape.has("AuditId") && shape.has("Verb"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let [
        time,
        level,
        audit_id,
        stage,
        request_uri,
        verb,
        user,
        source_ips,
        user_agent,
        object_ref,
        status,
        request,
        response,
        received,
        stage_time,
        annotations,
        resource_id,
        category,
        log,
        table,
        own_resource_id,
    ] = record.fields()?.several(&COLUMNS);
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
    let nested = [user, source_ips, object_ref, status, request, response, annotations]
        .map(|json| json.and_then(json_of));
    let nested = nested.each_ref().map(Option::as_deref);
    let texts = [level, audit_id, stage, request_uri, verb, user_agent, received, stage_time];
    let mut event = event(texts, nested)?.into_audit(record.text, &context)?;
    event.truncated |= nested.contains(&Some(TOO_BIG));
    job.event(&event);
    Ok(())
}

/// The Event of a row's columns: of those that hold text, as JSON, and of those that hold JSON.
fn event<'a>(texts: [Option<&'a str>; 8], nested: [Option<&'a str>; 7]) -> Result<Event<'a>, Failure> {
    let [level, audit_id, stage, request_uri, verb, user_agent, received, stage_time] =
        texts.map(|json| json.and_then(scalar).map(Text));
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
