//! Reads logs back in a way of its own: looks for records inside whatever is around them, and knows of no container but
//! the tables, whose columns it puts together again.

use std::io::{Cursor, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};

use super::files;
use crate::decode::{Content, Limits, Opened};

/// What the rule looks at, from a record of any container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub time: i64,
    pub user: String,
    pub verb: String,
    pub resource: String,
    pub key: (Option<String>, Option<String>),
    pub denied: bool,
}

/// The completed requests of a folder of logs, and the number of its records.
pub fn read(root: &Path) -> (Vec<Seen>, u64) {
    let mut found = Vec::new();
    for (name, bytes) in files(root) {
        match String::from_utf8(unpacked(bytes)).map_err(|error| error.into_bytes()) {
            Ok(text) if name.ends_with(".csv") => rows(&text).iter().for_each(|row| find(row, &mut found)),
            Ok(text) => values(&text).iter().for_each(|value| find(value, &mut found)),
            Err(binary) => {
                let texts = decoded(Opened::new(Box::new(Cursor::new(binary)), None).unwrap());
                texts.iter().flat_map(|text| values(text)).for_each(|value| find(&value, &mut found));
            }
        }
    }
    let records = found.len() as u64;
    let mut seen: Vec<Seen> = found.into_iter().flatten().collect();
    seen.sort();
    (seen, records)
}

/// The records in an archive, a table or another compression than gzip, as an ingest finds them.
fn decoded(opened: Opened) -> Vec<String> {
    let mut texts = Vec::new();
    match opened.content {
        Content::Records(mut records) => {
            while let Some(chunk) = records.next_chunk().unwrap() {
                let text = |frame| String::from_utf8(chunk.bytes(frame).to_vec()).unwrap();
                texts.extend(chunk.frames.iter().map(text));
            }
        }
        Content::Archive(mut archive) => {
            while let Some(member) = archive.next_member().unwrap() {
                let body = member.body.unwrap();
                texts.extend(decoded(Opened::member(body, &member.within, Limits::default()).unwrap()));
            }
        }
    }
    texts
}

/// The bytes inside all layers of gzip.
pub fn unpacked(mut bytes: Vec<u8>) -> Vec<u8> {
    while bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inside = Vec::new();
        MultiGzDecoder::new(&bytes[..]).read_to_end(&mut inside).unwrap();
        bytes = inside;
    }
    bytes
}

/// JSON values one after the other, or what lines hold from the first brace on that a key follows.
pub fn values(text: &str) -> Vec<Value> {
    if text.starts_with(['{', '[']) {
        return serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap).collect();
    }
    if let Some(documents) = text.strip_prefix("---\n") {
        return documents.split("\n---\n").map(|yaml| serde_saphyr::from_str(yaml).unwrap()).collect();
    }
    let braces = text.lines().filter_map(|line| line.find("{\"").map(|brace| &line[brace..]));
    braces.map(|json| serde_json::from_str(json).unwrap()).collect()
}

fn rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let names: Vec<_> = header.iter().map(|name| name.trim_end_matches(" [UTC]").to_owned()).collect();
    let object = |row: csv::StringRecord| {
        let cells = names.iter().cloned().zip(row.iter().map(Value::from));
        Value::Object(cells.collect::<Map<_, _>>())
    };
    reader.records().map(|row| object(row.unwrap())).collect()
}

/// Records are found; those of requests that aren't complete as None.
fn find(value: &Value, found: &mut Vec<Option<Seen>>) {
    match value {
        Value::Object(object)
            if ["user.username", "protoPayload.methodName"].iter().any(|path| object.contains_key(*path)) =>
        {
            find(&nested(object), found);
        }
        Value::Object(object) if object.contains_key("auditID") => found.push(seen_event(value)),
        Value::Object(object) if object.contains_key("protoPayload") => found.push(seen_entry(value)),
        Value::Object(object) if object.contains_key("AuditId") => found.push(seen_event(&of_row(value))),
        Value::Object(table) if table.contains_key("rows") => {
            let columns = table["columns"].as_array().unwrap().iter();
            let names = columns.map(|column| column["name"].as_str().unwrap().to_owned());
            for row in table["rows"].as_array().unwrap() {
                let cells = names.clone().zip(row.as_array().unwrap().iter().cloned());
                find(&Value::Object(cells.collect()), found);
            }
        }
        Value::Object(object) if object.contains_key("class_uid") => found.push(seen_event(&of_ocsf(value))),
        Value::Object(object) if object.contains_key("ProtoPayload") => {
            let names = [
                ("protoPayload", "ProtoPayload"),
                ("operation", "Operation"),
                ("timestamp", "TimeGenerated"),
            ];
            found.push(seen_entry(&Value::Object(
                names
                    .into_iter()
                    .map(|(field, column)| (field.to_owned(), json_of(&value[column])))
                    .collect(),
            )));
        }
        Value::Object(object) if object.contains_key("protopayload_auditlog") => {
            let mut entry = value.clone();
            entry["protoPayload"] = value["protopayload_auditlog"].clone();
            entry["timestamp"] = json!(value["timestamp"].as_str().unwrap().replace(" UTC", "Z"));
            let denied = entry["protoPayload"]["status"]["code"] == "7";
            entry["protoPayload"]["status"] = json!({"code": if denied { 7 } else { 0 }});
            found.push(seen_entry(&entry));
        }
        Value::Object(object) => object.values().for_each(|value| find(value, found)),
        Value::Array(list) => list.iter().for_each(|value| find(value, found)),
        Value::String(text) => {
            let encoded = || STANDARD.decode(text).map(|bytes| String::from_utf8(unpacked(bytes)).unwrap());
            let inside = match text {
                text if text.starts_with('{') => Some(text.clone()),
                // Base64 of gzip, and of `{"`.
                text if text.starts_with("H4sI") || text.starts_with("eyJ") => Some(encoded().unwrap()),
                _ => None,
            };
            inside.iter().flat_map(|inside| values(inside)).for_each(|value| find(&value, found));
        }
        _ => {}
    }
}

/// What fields were flattened from, but for objects whose own keys have dots.
fn nested(fields: &Map<String, Value>) -> Value {
    const WITH_DOTS: [&str; 6] = [
        "annotations.",
        "labels.",
        "requestObject.",
        "responseObject.",
        "protoPayload.request.",
        "protoPayload.response.",
    ];
    let mut nested = json!({});
    for (path, value) in
        fields.iter().filter(|(path, _)| !WITH_DOTS.iter().any(|dots| path.starts_with(dots)))
    {
        let mut at = &mut nested;
        for key in path.split('.') {
            at = match key.parse() {
                Ok(place) => element(at, place),
                Err(_) => &mut at[key],
            };
        }
        *at = value.clone();
    }
    nested
}

/// An element of a list that grows to it.
fn element(list: &mut Value, place: usize) -> &mut Value {
    if !list.is_array() {
        *list = json!([]);
    }
    let list = list.as_array_mut().unwrap();
    if list.len() <= place {
        list.resize(place + 1, Value::Null);
    }
    &mut list[place]
}

/// A dynamic column, which may be JSON in a string; other text is as it is.
fn json_of(cell: &Value) -> Value {
    let text = cell.as_str().unwrap_or_default();
    if text.starts_with(['{', '[']) { serde_json::from_str(text).unwrap() } else { cell.clone() }
}

fn of_row(row: &Value) -> Value {
    let columns = [
        ("auditID", "AuditId"),
        ("level", "Level"),
        ("stage", "Stage"),
        ("requestURI", "RequestUri"),
        ("verb", "Verb"),
        ("user", "User"),
        ("sourceIPs", "SourceIps"),
        ("userAgent", "UserAgent"),
        ("objectRef", "ObjectRef"),
        ("responseStatus", "ResponseStatus"),
        ("requestReceivedTimestamp", "RequestReceivedTime"),
        ("stageTimestamp", "StageReceivedTime"),
    ];
    Value::Object(
        columns.into_iter().map(|(field, column)| (field.to_owned(), json_of(&row[column]))).collect(),
    )
}

fn of_ocsf(row: &Value) -> Value {
    let resource = &row["resources"][0];
    json!({
        "auditID": row["api"]["request"]["uid"], "level": row["metadata"]["log_level"], "stage": row["message"],
        "requestURI": row["http_request"]["url"]["path"], "userAgent": row["http_request"]["user_agent"],
        "verb": row["api"]["operation"], "sourceIPs": [row["src_endpoint"]["ip"]],
        "user": {"username": row["actor"]["user"]["name"], "groups": row["actor"]["user"]["groups"]},
        "objectRef": {
            "resource": resource["type"], "namespace": resource["namespace"], "name": resource["name"],
            "apiGroup": row["api"]["group"]["name"],
        },
        "responseStatus": row["api"]["response"],
        "requestReceivedTimestamp": row["start_time_dt"], "stageTimestamp": row["time_dt"],
    })
}

pub fn micros(text: &Value) -> i64 {
    text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// A text with something in it.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn seen_event(event: &Value) -> Option<Seen> {
    for field in ["level", "auditID", "requestURI", "userAgent"] {
        assert!(event[field].is_string(), "{field} in {event}");
    }
    assert!(event["sourceIPs"][0].is_string() && event["user"]["groups"].is_array());
    assert!(micros(&event["stageTimestamp"]) >= micros(&event["requestReceivedTimestamp"]));
    let target = &event["objectRef"];
    (event["stage"] == "ResponseComplete").then(|| Seen {
        time: micros(&event["requestReceivedTimestamp"]),
        user: text(&event["user"]["username"]).unwrap(),
        verb: text(&event["verb"]).unwrap(),
        resource: text(&target["resource"]).filter(|_| target["apiGroup"].is_null()).unwrap_or_default(),
        key: (text(&target["namespace"]), text(&target["name"])),
        denied: event["responseStatus"]["code"] == 403,
    })
}

fn seen_entry(entry: &Value) -> Option<Seen> {
    let payload = &entry["protoPayload"];
    let parts: Vec<&str> = payload["resourceName"].as_str().unwrap().split('/').collect();
    let part = |i: usize| parts.get(i).map(|part| (*part).to_owned());
    let namespaced = parts.get(2) == Some(&"namespaces") && parts.len() > 4;
    let at = if namespaced { 4 } else { 2 };
    (entry["operation"]["last"] == true).then(|| Seen {
        time: micros(&entry["timestamp"]),
        user: text(&payload["authenticationInfo"]["principalEmail"]).unwrap(),
        verb: payload["methodName"].as_str().unwrap().rsplit('.').next().unwrap().to_owned(),
        resource: part(at).filter(|_| parts[0] == "core").unwrap_or_default(),
        key: (namespaced.then(|| part(3)).flatten(), part(at + 1)),
        denied: payload["status"]["code"] == 7,
    })
}
