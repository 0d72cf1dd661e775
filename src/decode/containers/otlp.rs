//! OpenTelemetry's logs as OTLP JSON. The event stands whole in the body of a log record; its attributes
//! (`k8s.audit.event.*`) repeat a part of it.

use super::message;
use crate::decode::cursor::Cursor;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, elements, records};
use crate::decode::quick::{put, whole};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "otlp";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("resourceLogs")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let resources = record.fields()?.raw("resourceLogs").filter(|json| json.starts_with('['));
    let resources = resources.ok_or(Failure::NotMine)?;
    let resources = usual(resources).unwrap_or_else(|| records(resources).into_iter().map(parsed).collect());
    for Resource { about, logs } in resources {
        let cluster = attribute(&about, "k8s.cluster.name");
        logs.into_iter().for_each(|log| log_record(job, log, cluster.as_deref()));
    }
    Ok(())
}

/// What logs are of, and their records.
struct Resource<'a> {
    about: Fields<'a>,
    logs: Vec<Record<'a>>,
}

/// Resources as collectors write them, in one pass; `None` where they must be looked at in another way.
fn usual(json: &str) -> Option<Vec<Resource<'_>>> {
    whole(json, |cursor| cursor.list(resource))
}

fn resource<'a>(cursor: &mut Cursor<'a>) -> Option<Resource<'a>> {
    let (mut about, mut logs) = (None, None);
    cursor.object(|cursor, key| match key {
        "resource" => put(&mut about, Fields::at(cursor)),
        "scopeLogs" => put(&mut logs, cursor.list(scope)),
        key => skip(cursor, key, &["resource", "scopeLogs"]),
    })?;
    let logs = logs.unwrap_or_default().into_iter().flatten().collect();
    Some(Resource { about: about.unwrap_or_default(), logs })
}

/// The records of the scope that a cursor is at.
fn scope<'a>(cursor: &mut Cursor<'a>) -> Option<Vec<Record<'a>>> {
    let mut logs = None;
    cursor.object(|cursor, key| match key {
        "logRecords" => put(&mut logs, cursor.list(Record::at)),
        key => skip(cursor, key, &["logRecords"]),
    })?;
    Some(logs.unwrap_or_default())
}

/// Passes over a value whose key is none of these in another case.
fn skip(cursor: &mut Cursor<'_>, key: &str, known: &[&str]) -> Option<()> {
    if known.iter().any(|known| known.eq_ignore_ascii_case(key)) { None } else { cursor.skip() }
}

/// The same of any resource.
fn parsed(resource: Record<'_>) -> Resource<'_> {
    let resource = resource.into_fields();
    let scopes = resource.raw("scopeLogs").map(records).unwrap_or_default();
    let logs = scopes.into_iter().filter_map(|scope| scope.into_fields().raw("logRecords").map(records));
    Resource { about: resource.object("resource"), logs: logs.flatten().collect() }
}

fn log_record(job: &mut Job<'_>, log: Record<'_>, cluster: Option<&str>) {
    if job.is_over {
        return;
    }
    let (record, fields) = (log.text, log.into_fields());
    let Some(text) = fields.object("body").text("stringValue") else {
        return job.reject(Failure::NotMine, record);
    };
    // A collector that knows no time of the record's own leaves the first one out, or writes 0.
    let nanos = |name| fields.text(name)?.parse::<i64>().ok().filter(|nanos| *nanos > 0);
    let time = nanos("timeUnixNano").or_else(|| nanos("observedTimeUnixNano"));
    let context = Context {
        log_type: job.options.log_type,
        cluster,
        time: time.map(|nanos| nanos / 1_000),
        cut: job.is_cut(),
        ..Context::default()
    };
    message::decode(job, &text, &context);
}

/// A string attribute.
fn attribute(resource: &Fields<'_>, name: &str) -> Option<String> {
    let attributes = elements(resource.raw("attributes")?);
    let found = attributes
        .into_iter()
        .filter_map(|attribute| Fields::of(attribute).ok())
        .find(|attribute| attribute.text("key").as_deref() == Some(name))?;
    found.object("value").text("stringValue").map(Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::fields;

    fn resource_fields() -> serde_json::Value {
        json!({
            "resource": {"attributes": [{"key": "a", "value": {"stringValue": "b"}}]}, "schemaUrl": "x",
            "scopeLogs": [{"scope": {}, "logRecords": [{"body": {"stringValue": "{}"}}, {}]}, {"logRecords": []}],
        })
    }

    fn told(resources: Vec<Resource<'_>>) -> Vec<String> {
        let texts =
            |logs: Vec<Record<'_>>| logs.into_iter().map(|log| log.text.to_owned()).collect::<Vec<_>>();
        resources
            .into_iter()
            .map(|resource| format!("{:?} {:?}", resource.about, texts(resource.logs)))
            .collect()
    }

    #[test]
    fn reads_what_is_usual_by_itself() {
        assert!(usual(&json!([resource_fields(), resource_fields()]).to_string()).is_some());
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(
            resource in fields(resource_fields()),
            scope in fields(json!({"scope": {}, "logRecords": [{"body": {}}]})),
        ) {
            let resources = format!("[{resource},{{\"scopeLogs\":[{scope}]}}]");
            if let Some(read) = usual(&resources) {
                let parsed = elements(&resources).into_iter().map(|json| parsed(Record::unread(json)));
                prop_assert_eq!(told(read), told(parsed.collect()));
            }
        }
    }
}
