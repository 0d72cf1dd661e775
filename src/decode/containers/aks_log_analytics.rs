//! AKS: rows of a Log Analytics workspace, as JSON or CSV. `AzureDiagnostics` holds the event's text in `log_s`;
//! `AKSAudit` and `AKSAuditAdmin` (and `ArcK8sAudit`, of the same shape) have a column for each of its fields but
//! impersonatedUser.

use super::message;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, Object, hand_out};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "aks-log-analytics";

/// In place of a body that was too long.
const TOO_BIG: &str = "skipped-too-big-size-object";

/// A column, and an Event's field.
const TEXTS: [(&str, &str); 8] = [
    ("AuditId", "auditID"),
    ("Level", "level"),
    ("RequestUri", "requestURI"),
    ("Stage", "stage"),
    ("UserAgent", "userAgent"),
    ("Verb", "verb"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
];
const OBJECTS: [(&str, &str); 7] = [
    ("Annotations", "annotations"),
    ("ObjectRef", "objectRef"),
    ("RequestObject", "requestObject"),
    ("ResponseObject", "responseObject"),
    ("ResponseStatus", "responseStatus"),
    ("SourceIps", "sourceIPs"),
    ("User", "user"),
];

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
    let (event, too_big) = event(fields);
    hand_out(job, &event, record.text, &context, too_big)
}

/// The Event of a row, and whether a body was left out of it.
fn event(fields: &Fields<'_>) -> (String, bool) {
    let mut event = Object::new().text("kind", Some("Event")).text("apiVersion", Some("audit.k8s.io/v1"));
    for (column, field) in TEXTS {
        event = event.text(field, fields.text(column));
    }
    for (column, field) in OBJECTS {
        event = event.json(field, fields.json(column).filter(|json| json.starts_with(['{', '['])));
    }
    let too_big =
        ["RequestObject", "ResponseObject"].iter().any(|body| fields.text(body).as_deref() == Some(TOO_BIG));
    (event.finish(), too_big)
}
