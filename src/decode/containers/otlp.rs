//! OpenTelemetry's logs as OTLP JSON. The event stands whole in the body of a log record; its attributes
//! (`k8s.audit.event.*`) repeat a part of it. A collector that parses what it reads writes a map in place of the text.

use std::borrow::Cow;

use super::message;
use crate::decode::cursor::Cursor;
use crate::decode::fields::{Fields, elements, records};
use crate::decode::job::Job;
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
    let map = || fields.raw("body").and_then(map).map(Cow::Owned);
    let Some(text) = fields.object("body").text("stringValue").or_else(map) else {
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

/// Values in values that are followed: more than Kubernetes' objects have, and few enough for the stack.
const DEEPEST: usize = 128;

/// The JSON that a map stands for; `None` where it is another value, or written as no collector does.
fn map(body: &str) -> Option<String> {
    let mut json = String::with_capacity(body.len() / 2);
    whole(body, |cursor| any_value(cursor, &mut json, DEEPEST))?;
    json.starts_with('{').then_some(json)
}

/// Writes the value that a cursor is at: an object whose one field says by its name what it is of, and which is null
/// without it.
fn any_value(cursor: &mut Cursor<'_>, json: &mut String, deeper: usize) -> Option<()> {
    let start = json.len();
    let deeper = deeper.checked_sub(1)?;
    cursor.object(|cursor, kind| {
        match kind {
            _ if json.len() > start => return None,
            "kvlistValue" => values(cursor, json, ['{', '}'], |cursor, json| pair(cursor, json, deeper))?,
            "arrayValue" => values(cursor, json, ['[', ']'], |cursor, json| any_value(cursor, json, deeper))?,
            "intValue" | "doubleValue" => json.push_str(number(cursor.value()?)),
            "stringValue" | "boolValue" | "bytesValue" => json.push_str(cursor.value()?),
            _ => return None,
        }
        Some(())
    })?;
    if json.len() == start {
        json.push_str("null");
    }
    Some(())
}

/// Writes the values of a list or a map, which lacks them where it is empty.
fn values<'a>(
    cursor: &mut Cursor<'a>,
    json: &mut String,
    [open, close]: [char; 2],
    mut write: impl FnMut(&mut Cursor<'a>, &mut String) -> Option<()>,
) -> Option<()> {
    json.push(open);
    let mut first = true;
    cursor.object(|cursor, key| {
        if key != "values" {
            return None;
        }
        let each = |cursor: &mut Cursor<'a>| {
            if !std::mem::take(&mut first) {
                json.push(',');
            }
            write(cursor, json)
        };
        cursor.list(each).map(drop)
    })?;
    json.push(close);
    Some(())
}

/// Writes a key and its value, in which order they are always written.
fn pair(cursor: &mut Cursor<'_>, json: &mut String, deeper: usize) -> Option<()> {
    let (mut has_key, mut has_value) = (false, false);
    cursor.object(|cursor, name| match name {
        "key" if !has_key && cursor.begins(b'"') => {
            has_key = true;
            json.push_str(cursor.value()?);
            json.push(':');
            Some(())
        }
        "value" if has_key && !has_value => {
            has_value = true;
            any_value(cursor, json, deeper)
        }
        _ => None,
    })?;
    if !has_value {
        json.push_str("null");
    }
    has_key.then_some(())
}

/// A number, which stands in a string where it has 64 bits. What JSON has no number for stays one.
fn number(json: &str) -> &str {
    let digits = json.trim_matches('"');
    let is_number = !digits.starts_with(['{', '[', 't', 'f', 'n']) && whole(digits, Cursor::value).is_some();
    if is_number { digits } else { json }
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
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::testing::{fields, json};

    fn resource_fields() -> Value {
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

    /// A value as a collector writes it.
    fn any_value_of(value: &Value) -> Value {
        match value {
            Value::Null => json!({}),
            Value::Bool(value) => json!({"boolValue": value}),
            Value::Number(value) if value.is_f64() => json!({"doubleValue": value}),
            Value::Number(value) => json!({"intValue": value.to_string()}),
            Value::String(value) => json!({"stringValue": value}),
            Value::Array(list) => {
                json!({"arrayValue": {"values": list.iter().map(any_value_of).collect::<Vec<_>>()}})
            }
            Value::Object(map) => {
                let pair = |(key, value)| json!({"key": key, "value": any_value_of(value)});
                json!({"kvlistValue": {"values": map.iter().map(pair).collect::<Vec<_>>()}})
            }
        }
    }

    #[test]
    fn a_map_is_read_as_it_was() {
        let empty = r#"{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{}}},{"key":"b"},{"key":"c","value":{"doubleValue":"NaN"}}]}}"#;
        assert_eq!(map(empty).as_deref(), Some(r#"{"a":[],"b":null,"c":"NaN"}"#));
        assert_eq!(map(r#"{"kvlistValue":{}}"#).as_deref(), Some("{}"));
        for other in [
            r#"{"stringValue":""}"#,
            r#"{"arrayValue":{}}"#,
            r#"{"kvlistValue":{"values":[{"value":{}}]}}"#,
            r#"{"kvlistValue":{},"stringValue":""}"#,
            r#"{"kvlistValue":{"values":[{"key":1,"value":{}}]}}"#,
            "{}",
        ] {
            assert_eq!(map(other), None, "{other}");
        }
        let deep = |levels: usize| {
            let (open, close) = (r#"{"kvlistValue":{"values":[{"key":"a","value":"#, "}]}}");
            format!("{}{{}}{}", open.repeat(levels), close.repeat(levels))
        };
        assert!(map(&deep(DEEPEST - 1)).is_some() && map(&deep(DEEPEST)).is_none());
        assert!(map(&deep(1 << 17)).is_none());
    }

    proptest! {
        #[test]
        fn gives_back_what_a_collector_wrote(value in json(4)) {
            let value = json!({"x": value});
            let body = any_value_of(&value).to_string();
            prop_assert_eq!(serde_json::from_str::<Value>(&map(&body).unwrap()).unwrap(), value);
        }

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
