//! AKS: rows of a Log Analytics workspace, as JSON or CSV. `AzureDiagnostics` holds the event's text in `log_s`;
//! `AKSAudit` and `AKSAuditAdmin` (and `ArcK8sAudit`, of the same shape) have a column for each of its fields but
//! impersonatedUser.

use super::message;
use crate::decode::decoder::Job;
use crate::decode::fields::Fields;
use crate::decode::nested::Nested;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Event, Failure, Text};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "aks-log-analytics";

/// In place of a body that was too long.
const TOO_BIG: &str = "skipped-too-big-size-object";

/// Columns that hold JSON, as it is or as text.
const NESTED: [&str; 7] =
    ["Annotations", "ObjectRef", "RequestObject", "ResponseObject", "ResponseStatus", "SourceIps", "User"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("log_s") || (shape.has("AuditId") && shape.has("Verb"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let resource = fields.first(&["_ResourceId", "ResourceId"]).and_then(crate::decode::fields::scalar);
    let resource = resource.unwrap_or_default().to_ascii_lowercase();
    let category = fields.text("Category").or_else(|| fields.text("Type"));
    let context = Context {
        log_type: Some(LogType::AzureMonitorActivity),
        cluster: resource.rsplit('/').next().filter(|name| !name.is_empty()),
        account: resource.split('/').skip_while(|part| *part != "subscriptions").nth(1),
        log_stream: category.as_deref(),
        time: fields.text("TimeGenerated").and_then(|text| time::parse(&text)),
        cut: job.is_cut(),
        ..Context::default()
    };
    if let Some(log) = fields.text("log_s") {
        match category.as_deref() {
            Some(category) if !category.starts_with("kube-audit") => job.other(&format!("aks:{category}")),
            _ => message::decode(job, &log, &context),
        }
        return Ok(());
    }
    let nested = NESTED.map(|column| fields.json_or_text(column));
    let nested = nested.each_ref().map(Option::as_deref);
    let mut event = event(fields, nested)?.into_audit(record.text, &context)?;
    event.truncated |= nested.contains(&Some(TOO_BIG));
    job.event(&event);
    Ok(())
}

/// The Event of a row.
fn event<'a>(fields: &Fields<'a>, nested: [Option<&'a str>; NESTED.len()]) -> Result<Event<'a>, Failure> {
    let is_json = |json: &&str| json.starts_with(['{', '[']);
    let [annotations, object_ref, request, response, status, source_ips, user] =
        nested.map(|column| column.filter(is_json));
    let text = |column| fields.text(column).map(Text);
    let mut nested = Nested::default();
    Ok(Event {
        audit_id: text("AuditId"),
        level: text("Level"),
        request_uri: text("RequestUri"),
        stage: text("Stage"),
        user_agent: text("UserAgent"),
        verb: text("Verb"),
        request_received_timestamp: text("RequestReceivedTime"),
        stage_timestamp: text("StageReceivedTime"),
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
