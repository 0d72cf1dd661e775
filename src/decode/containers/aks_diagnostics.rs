//! AKS: diagnostic settings to a storage account (JSON Lines in `PT1H.json`) or to an Event Hub
//! (`{"records":[...]}`). A record has a category and the log line in `properties.log`, as a string that often ends
//! in a newline, or as an object where a pipeline parsed it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::gke_log_entry;
use super::kube_apiserver::{self, decode_text};
use crate::decode::fields::{Fields, string};
use crate::decode::job::Job;
use crate::decode::quick::{self, put, whole};
use crate::decode::reasons::json_failure;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure, Raw, Text, part};
use crate::decode::{LogType, RejectCode, RejectReason, time};

pub(super) const NAME: &str = "aks-diagnostics";

/// With both switched on, the second repeats the modifying events of the first.
const AUDIT_CATEGORIES: [&str; 2] = ["kube-audit", "kube-audit-admin"];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    category: Option<Text<'a>>,
    time: Option<Text<'a>>,
    resource_id: Option<Text<'a>>,
    properties: Option<Raw<'a>>,
    /// Of an Event Hub body.
    records: Option<Vec<Raw<'a>>>,
    /// An Event's own, as are the two below; see [`kube_apiserver::claims`].
    #[serde(rename = "auditID")]
    audit_id: Option<IgnoredAny>,
    kind: Option<Raw<'a>>,
    api_version: Option<Raw<'a>>,
    /// A LogEntry's own, as are the two below; see [`gke_log_entry::claims`].
    proto_payload: Option<IgnoredAny>,
    log_name: Option<IgnoredAny>,
    resource: Option<IgnoredAny>,
}

impl Wire<'_> {
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

#[derive(Debug, Default, Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    log: Option<Raw<'a>>,
    /// What the log says, where it is a string that was read at once, instead of it.
    #[serde(skip)]
    text: Option<Text<'a>>,
}

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("records") || (shape.has("category") && shape.has("properties"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    if !record.text.starts_with('{') {
        return Err(Failure::NotMine);
    }
    if let Some(records) = body(record) {
        job.envelope(records);
        return Ok(());
    }
    let (wire, read) = match record.with_fields(|fields| Some((usual(fields)?, read(fields)))).flatten() {
        Some(usual) => usual,
        None => {
            let wire =
                serde_json::from_str(record.text).map_err(|error| json_failure(&error, record.text))?;
            (wire, None)
        }
    };
    if wire.is_another() {
        return Err(Failure::NotMine);
    }
    match wire {
        Wire { records: Some(records), .. } => {
            job.envelope(records.iter().map(|record| Record::unread(record.0)));
            Ok(())
        }
        Wire { category: Some(category), resource_id, properties: Some(properties), time, .. } => {
            let resource_id = resource_id.map(|id| id.0.to_ascii_lowercase());
            let time = time.and_then(|text| time::parse(&text.0));
            let resource_id = resource_id.as_deref().unwrap_or_default();
            let properties = || read.map_or_else(|| part(Some(properties), "properties"), Ok);
            single(job, &category.0, resource_id, time, properties)
        }
        _ => Err(Failure::NotMine),
    }
}

/// The records of an Event Hub body, as Azure writes it; `None` where it must be looked at in another way.
fn body<'a>(record: &Record<'a>) -> Option<Vec<Record<'a>>> {
    let mut records = None;
    whole(record.text, |cursor| {
        cursor.object(|cursor, key| match key {
            "records" => put(&mut records, cursor.list(Record::at)),
            _ => None,
        })
    })?;
    records
}

/// A record as Azure writes it; `None` where serde must look.
fn usual<'a>(fields: &Fields<'a>) -> Option<Wire<'a>> {
    let mut wire = Wire::default();
    for (key, value) in fields.all() {
        let there = Some(value).filter(|value| *value != "null");
        match key {
            "category" => put(&mut wire.category, quick::text(value))?,
            "time" => put(&mut wire.time, quick::text(value))?,
            "resourceId" => put(&mut wire.resource_id, quick::text(value))?,
            "properties" => put(&mut wire.properties, there.map(Raw))?,
            "records" => put(&mut wire.records, quick::elements(value))?,
            "auditID" => put(&mut wire.audit_id, there.map(|_| IgnoredAny))?,
            "kind" => put(&mut wire.kind, there.map(Raw))?,
            "apiVersion" => put(&mut wire.api_version, there.map(Raw))?,
            "protoPayload" => put(&mut wire.proto_payload, there.map(|_| IgnoredAny))?,
            "logName" => put(&mut wire.log_name, there.map(|_| IgnoredAny))?,
            "resource" => put(&mut wire.resource, there.map(|_| IgnoredAny))?,
            _ => {}
        }
    }
    Some(wire)
}

/// The properties of a record as Azure writes it, whose fields were read with its own; `None` where serde must look.
fn read<'a>(fields: &Fields<'a>) -> Option<Properties<'a>> {
    let mut properties = Properties::default();
    for (_, value) in fields.inside("properties")?.all().filter(|(key, _)| *key == "log") {
        match value.as_bytes().first()? {
            b'"' => put(&mut properties.text, string(value))?,
            _ => put(&mut properties.log, Some(Raw(value)).filter(|_| value != "null"))?,
        }
    }
    (properties.log.is_none() || properties.text.is_none()).then_some(properties)
}

fn single<'a>(
    job: &mut Job<'_>,
    category: &str,
    resource_id: &str,
    time: Option<i64>,
    properties: impl FnOnce() -> Result<Properties<'a>, Failure>,
) -> Result<(), Failure> {
    if !AUDIT_CATEGORIES.contains(&category) {
        job.other(&format!("aks:{category}"));
        return Ok(());
    }
    let Properties { log, text } = properties()?;
    let context = Context {
        log_type: Some(LogType::AzureMonitorActivity),
        cluster: resource_id.rsplit('/').next().filter(|name| !name.is_empty()),
        account: after(resource_id, "subscriptions"),
        log_stream: Some(category),
        time,
        cut: job.is_cut(),
        ..Context::default()
    };
    let outcome = match (text, log) {
        (Some(text), _) => decode_text(job, text.0.trim_ascii(), &context),
        (None, Some(Raw(log))) if log.starts_with('"') => {
            let text: Text<'_> = serde_json::from_str(log).map_err(|error| json_failure(&error, log))?;
            decode_text(job, text.0.trim_ascii(), &context)
        }
        (None, Some(Raw(log))) if log.starts_with('{') => decode_text(job, log, &context),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::fields;

    fn usual_fields() -> serde_json::Value {
        json!({
            "category": "kube-audit", "time": "2026-01-01T00:00:00Z", "resourceId": "/SUBSCRIPTIONS/A", "records": [1, {}],
            "properties": {"log": "{}\n", "stream": "stdout"}, "auditID": "1", "kind": "Event", "apiVersion": "v1",
            "protoPayload": {}, "logName": "x", "resource": 1, "other": [],
        })
    }

    fn wire(record: &str) -> Option<String> {
        usual(&Fields::of(record).ok()?).map(|wire| format!("{wire:?}"))
    }

    #[test]
    fn reads_what_is_usual_by_itself() {
        assert!(wire(&usual_fields().to_string()).is_some());
        let record = usual_fields().to_string();
        assert!(Fields::of(&record).is_ok_and(|fields| read(&fields).is_some()));
        assert!(body(&Record::unread("{\"records\":[{\"a\":1},{}]}")).is_some());
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(record in fields(usual_fields()), properties in fields(json!({"log": "x", "y": 1}))) {
            if let Some(read) = wire(&record) {
                let parsed: Wire<'_> = serde_json::from_str(&record).expect("a record");
                prop_assert_eq!(read, format!("{parsed:?}"));
            }
            let several = format!("{{\"records\":[{record},{properties}]}}");
            for body_of in [&several, &record] {
                if let Some(records) = body(&Record::unread(body_of)) {
                    let parsed: Wire<'_> = serde_json::from_str(body_of).expect("a body");
                    let parsed: Vec<&str> = parsed.records.iter().flatten().map(|record| record.0).collect();
                    prop_assert_eq!(records.iter().map(|record| record.text).collect::<Vec<_>>(), parsed);
                    prop_assert!(records.iter().all(Record::is_read));
                }
            }
            let nested = format!("{{\"properties\":{properties}}}");
            if let Some(read) = Fields::of(&nested).ok().and_then(|fields| read(&fields)) {
                let parsed: Properties<'_> = serde_json::from_str(&properties).expect("properties");
                let text = parsed.log.and_then(|Raw(log)| serde_json::from_str::<String>(log).ok());
                prop_assert_eq!(read.text.map(|text| text.0.into_owned()), text.clone());
                prop_assert_eq!(read.log.map(|log| log.0), parsed.log.map(|log| log.0).filter(|_| text.is_none()));
            }
        }
    }
}
