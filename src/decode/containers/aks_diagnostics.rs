//! AKS: diagnostic settings to a storage account (JSON Lines in `PT1H.json`) or to an Event Hub
//! (`{"records":[...]}`). A record has a category and the log line in `properties.log`, as a string that often ends
//! in a newline, or as an object where a pipeline parsed it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::gke_log_entry;
use super::kube_apiserver::{self, decode_text};
use crate::decode::decoder::{Job, json_failure};
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure, Text, part};
use crate::decode::{LogType, RejectCode, RejectReason, time};

pub(super) const NAME: &str = "aks-diagnostics";

/// With both switched on, the second repeats the modifying events of the first.
const AUDIT_CATEGORIES: [&str; 2] = ["kube-audit", "kube-audit-admin"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    category: Option<Text<'a>>,
    time: Option<Text<'a>>,
    resource_id: Option<Text<'a>>,
    properties: Option<&'a RawValue>,
    /// Of an Event Hub body.
    records: Option<Vec<&'a RawValue>>,
    /// An Event's own, as are the two below; see [`kube_apiserver::claims`].
    #[serde(rename = "auditID")]
    audit_id: Option<IgnoredAny>,
    kind: Option<&'a RawValue>,
    api_version: Option<&'a RawValue>,
    /// A LogEntry's own, as are the two below; see [`gke_log_entry::claims`].
    proto_payload: Option<IgnoredAny>,
    log_name: Option<IgnoredAny>,
    resource: Option<IgnoredAny>,
}

impl Record<'_> {
    /// Whether a container that is asked before this one would take the record.
    fn is_another(&self) -> bool {
        kube_apiserver::claims(self.kind, self.api_version, self.audit_id.is_some())
            || gke_log_entry::claims(
                self.proto_payload.is_some(),
                self.log_name.is_some(),
                self.resource.is_some(),
            )
    }
}

#[derive(Default, Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    log: Option<&'a RawValue>,
}

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("records") || (shape.has("category") && shape.has("properties"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &str) -> Result<(), Failure> {
    if !record.starts_with('{') {
        return Err(Failure::NotMine);
    }
    let wire: Record<'_> = serde_json::from_str(record).map_err(|error| json_failure(&error, record))?;
    if wire.is_another() {
        return Err(Failure::NotMine);
    }
    match wire {
        Record { records: Some(records), .. } => {
            job.envelope(records.iter().map(|record| record.get()));
            Ok(())
        }
        Record { category: Some(category), resource_id, properties: Some(properties), time, .. } => {
            let resource_id = resource_id.map(|id| id.0.to_ascii_lowercase());
            let time = time.and_then(|text| time::parse(&text.0));
            let resource_id = resource_id.as_deref().unwrap_or_default();
            single(job, &category.0, resource_id, time, properties)
        }
        _ => Err(Failure::NotMine),
    }
}

fn single(
    job: &mut Job<'_>,
    category: &str,
    resource_id: &str,
    time: Option<i64>,
    properties: &RawValue,
) -> Result<(), Failure> {
    if !AUDIT_CATEGORIES.contains(&category) {
        job.other(&format!("aks:{category}"));
        return Ok(());
    }
    let properties: Properties<'_> = part(Some(properties), "properties")?;
    let log = properties.log.map(RawValue::get).unwrap_or_default();
    let context = Context {
        log_type: Some(LogType::AzureMonitorActivity),
        cluster: resource_id.rsplit('/').next().filter(|name| !name.is_empty()),
        account: after(resource_id, "subscriptions"),
        region: None,
        log_stream: Some(category),
        time,
        cut: job.is_cut(),
    };
    let outcome = match log.as_bytes().first() {
        Some(b'"') => {
            let log: Text<'_> = serde_json::from_str(log).map_err(|error| json_failure(&error, log))?;
            decode_text(job, log.0.trim_ascii(), &context)
        }
        Some(b'{') => decode_text(job, log, &context),
        _ => Err(Failure::new(RejectCode::WrongType, "neither a string nor an object")),
    };
    outcome.map_err(in_log)
}

fn in_log(failure: Failure) -> Failure {
    match failure {
        Failure::NotMine => Failure::new(RejectCode::NotAudit, "properties.log holds no audit record"),
        Failure::Reject(RejectReason { code, detail }) => {
            Failure::new(code, format!("properties.log: {detail}"))
        }
    }
}

/// The segment after a named one.
fn after<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    path.split('/').skip_while(|segment| *segment != name).nth(1).filter(|segment| !segment.is_empty())
}
