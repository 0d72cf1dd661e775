//! Values planted in every body, in every container, whole and cut: the lake has none of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::archive_tests::tar;
use super::*;
use crate::simulate::Format;
use crate::simulate::planted::{self, Planted};

const PLAIN: &str = "planted-secret-value";

fn secret() -> Value {
    json!({
        "kind": "Secret", "apiVersion": "v1", "stringData": {"p": PLAIN}, "data": {"p": STANDARD.encode(PLAIN)},
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json!({"data": {"p": PLAIN}}).to_string()}}
    })
}

/// As an API server quotes what it could not decode.
fn quoted() -> String {
    format!("error found in #9 byte of ...|:\"{PLAIN}\"}}|..., bigger context ...|{{\"p\":\"{PLAIN}\"}}|...")
}

fn event() -> Value {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a", "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/n/secrets/s?token={PLAIN}"), "verb": "create", "user": {"username": "jane"},
        "userAgent": format!("curl Bearer {PLAIN}"),
        "objectRef": {"resource": "secrets", "namespace": "n", "name": "s", "apiVersion": "v1"},
        "responseStatus": {"code": 201, "message": quoted()}, "requestObject": secret(), "responseObject": {"kind": "SecretList", "items": [secret()]},
        "requestReceivedTimestamp": "2026-11-22T10:00:00.000000Z", "stageTimestamp": "2026-11-22T10:00:00.100000Z"
    })
}

fn entry() -> Value {
    json!({
        "insertId": "i", "timestamp": "2026-11-22T10:00:00Z", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
        "protoPayload": {
            "serviceName": "k8s.io", "methodName": "io.k8s.core.v1.secrets.create", "resourceName": "core/v1/namespaces/n/secrets/s",
            "authenticationInfo": {"principalEmail": "jane"}, "request": secret(), "response": secret(), "status": {"code": 3, "message": quoted()}
        }
    })
}

/// A record in each container.
fn containers() -> Vec<String> {
    let text = event().to_string();
    let bodies = |row: Value| -> Value {
        let mut row = row;
        row["RequestObject"] = event()["requestObject"].to_string().into();
        row["ResponseObject"] = event()["responseObject"].clone();
        row
    };
    let mut table = entry();
    let mut payload = table.as_object_mut().unwrap().remove("protoPayload").unwrap();
    payload["requestJson"] = payload["request"].to_string().into();
    table["protopayload_auditlog"] = payload;
    let time = "2026-11-22T10:00:00Z";
    let subscription = json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/c/cluster", "logStream": "kube-apiserver-audit-1",
        "logEvents": [{"id": "1", "timestamp": 1_795_341_600_000_i64, "message": text}]
    });
    let diagnostics =
        json!({"time": time, "category": "kube-audit", "resourceId": "/X/C", "properties": {"log": text}});
    vec![
        text.clone(),
        json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [event()]}).to_string(),
        format!("{time} {text}"),
        subscription.to_string(),
        json!({"awslogs": {"data": STANDARD.encode(subscription.to_string())}}).to_string(),
        json!({"events": [{"timestamp": 1_795_341_600_000_i64, "message": text}], "nextToken": "t"}).to_string(),
        json!({"@timestamp": time, "@message": text}).to_string(),
        json!({"TimeGenerated": time, "ClusterName": "c", "RawEvent": text}).to_string(),
        diagnostics.to_string(),
        json!({"records": [diagnostics]}).to_string(),
        json!({"TimeGenerated": time, "Category": "kube-audit", "log_s": text}).to_string(),
        bodies(json!({"AuditId": "a", "Verb": "create", "RequestReceivedTime": time, "User": {"username": "jane"},
            "ObjectRef": event()["objectRef"]})).to_string(),
        entry().to_string(),
        json!({"message": {"data": STANDARD.encode(entry().to_string())}, "subscription": "s"}).to_string(),
        table.to_string(),
        json!({"TimeGenerated": time, "ProtoPayload": entry()["protoPayload"].to_string()}).to_string(),
        json!({"time": time, "log": text}).to_string(),
        json!({"@timestamp": time, "kubernetes": {"audit": event()}}).to_string(),
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}).to_string(),
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": any_value(&event())}]}]}]}).to_string(),
        format!("{time} stdout F {text}"),
        json!({"_raw": text, "_time": time, "host": "h"}).to_string(),
        json!({"preview": false, "result": {"_raw": text, "_time": time}}).to_string(),
        json!({"preview": false, "results": [{"_raw": text, "_time": time}]}).to_string(),
        json!({"_id": "1", "_source": {"@timestamp": time, "message": text}}).to_string(),
        json!({"took": 1, "hits": {"hits": [{"_source": event()}, {"_source": {"event": {"original": text}}}]}}).to_string(),
        json!({"status": "success", "data": {"result": [{"stream": {}, "values": [["1795341600000000000", text]]}]}}).to_string(),
        json!({"labels": {}, "line": text, "timestamp": time}).to_string(),
        format!("{time} {{job=\"audit\"}} {text}"),
        json!({"timestamp": "1795341600000", "message": text}).to_string(),
        json!({"logstream": "kube-apiserver-audit-1", "timestamp": "1795341600000", "message": text}).to_string(),
        json!({"@timestamp": time, "message": text}).to_string(),
    ]
}

/// A parsed record as OpenTelemetry's collector writes it.
fn any_value(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(list) => {
            json!({"arrayValue": {"values": list.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(map) => {
            let pair = |(key, value)| json!({"key": key, "value": any_value(value)});
            json!({"kvlistValue": {"values": map.iter().map(pair).collect::<Vec<_>>()}})
        }
        number => json!({"intValue": number.to_string()}),
    }
}

/// What the lake keeps of rows and rejects has none of the planted values, also not in base64.
fn assert_nowhere(bench: &Bench, record: &str, what: &str) {
    let needles = [PLAIN.to_owned(), STANDARD.encode(PLAIN)];
    let rejects = bench
        .rejects()
        .into_iter()
        .flat_map(|reject| [reject.text, reject.hex, Some(reject.detail)])
        .flatten();
    for kept in bench.rows().into_iter().chain(rejects) {
        for needle in &needles {
            assert!(!kept.contains(needle), "{what}: {kept}");
        }
        // Records in base64 hold them out of sight.
        assert!(!kept.contains(&STANDARD.encode(record)[..40]), "{what}: {kept}");
        let hidden = kept
            .split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c))
            .filter(|word| word.len() > 60);
        for word in hidden {
            let whole = &word[..word.len() / 4 * 4];
            let shown = STANDARD.decode(whole).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(!shown.is_ok_and(|shown| shown.contains(PLAIN)), "{what}: {kept}");
        }
    }
}

/// The record, and what is left of it after every cut.
fn whole_and_cut(record: &str) -> String {
    let mut log = record.to_owned() + "\n";
    for cut in (20..record.len()).step_by(record.len() / 40) {
        log += &format!("{}\n{}[Truncated...]\n", &record[..cut], &record[..cut]);
    }
    log
}

#[test]
fn planted_values_are_nowhere_in_the_lake() {
    for (number, record) in containers().into_iter().enumerate() {
        let mut bench = Bench::new();
        bench.write("a.log", whole_and_cut(&record).as_bytes());
        let report = bench.ingest(&["a.log"]);
        assert!(report.rows > 0, "container {number}: {report:?}");
        assert_nowhere(&bench, &record, &format!("container {number}"));
    }
}

/// As a container runtime splits them, those of which a piece is missing among them.
#[test]
fn planted_values_are_nowhere_in_the_lake_of_lines_in_pieces() {
    let record = event().to_string();
    for size in [90, 160, 300, 500] {
        let pieces: Vec<&str> =
            record.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        let mut log = String::new();
        for missing in 0..=pieces.len() {
            for (at, piece) in pieces.iter().enumerate().filter(|(at, _)| *at != missing) {
                let tag = if at + 1 == pieces.len() { "F" } else { "P" };
                log += &format!("2026-11-22T10:00:01.5Z stdout {tag} {piece}\n");
            }
        }
        let mut bench = Bench::new();
        bench.write("a.log", log.as_bytes());
        let report = bench.ingest(&["a.log"]);
        assert!(report.rows > 0 && report.rejected() > 0, "{report:?}");
        assert_nowhere(&bench, &record, &format!("pieces of {size}"));
    }
}

/// The files that the simulated logs of a format have of the event, whole and cut.
fn simulated(format: Format) -> Vec<Vec<u8>> {
    const CUTS: usize = 30;
    let out = tempfile::tempdir().unwrap();
    let user_agent = format!("curl Bearer {PLAIN}");
    let query = format!("token={PLAIN}");
    let response = json!({"kind": "SecretList", "items": [secret()]});
    let planted = Planted { user_agent: &user_agent, query: &query, request: secret(), response };
    planted::write(out.path(), format, planted);
    let entries = walkdir::WalkDir::new(out.path()).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let whole: Vec<Vec<u8>> = files.map(|file| fs::read(file.path()).unwrap()).collect();
    // With an end of the last line, so that it waits for nothing.
    let cut = |file: &Vec<u8>, at: usize| [&file[..file.len() * at / CUTS], b"\n"].concat();
    let cut: Vec<Vec<u8>> = whole.iter().flat_map(|file| (1..CUTS).map(|at| cut(file, at))).collect();
    [whole, cut].concat()
}

#[test]
fn planted_values_are_nowhere_in_the_lake_of_any_simulated_log() {
    for &format in Format::ALL {
        let mut bench = Bench::new();
        let files = simulated(format);
        let names: Vec<String> = (0..files.len()).map(|number| number.to_string()).collect();
        files.iter().zip(&names).for_each(|(file, name)| bench.write(name, file));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let report = bench.ingest(&names);
        assert!(report.rows > 0, "{}: {report:?}", format.as_str());
        assert_nowhere(&bench, &event().to_string(), format.as_str());
        // It is redaction that takes them away: without it they are there.
        assert!(unredacted(&bench, &names).iter().any(|row| row.contains(PLAIN)), "{}", format.as_str());
    }
}

fn zip(log: &str) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("logs/a.log", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(log.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// Messages of an event hub: the record whole, cut, with bytes that are no text, and what is no record at all.
fn avro(record: &str) -> Vec<u8> {
    let broken = [b"\xff", record.as_bytes()].concat();
    let mut bodies: Vec<&[u8]> = vec![record.as_bytes(), PLAIN.as_bytes(), &broken];
    bodies.extend((20..record.len()).step_by(record.len() / 20).map(|cut| &record.as_bytes()[..cut]));
    crate::decode::testing::avro("deflate", &bodies)
}

#[test]
fn planted_values_are_nowhere_in_the_lake_of_an_archive_or_a_capture() {
    for (number, record) in containers().into_iter().enumerate() {
        let log = whole_and_cut(&record);
        for (name, bytes) in [
            ("a.tar", tar(&[("logs/a.log", log.clone().into_bytes())])),
            ("a.zip", zip(&log)),
            ("a.avro", avro(&record)),
        ] {
            if name == "a.avro" && !record.starts_with('{') {
                continue;
            }
            let mut bench = Bench::new();
            bench.write(name, &bytes);
            let report = bench.ingest(&[name]);
            assert!(report.rows > 0, "{name} of container {number}: {report:?}");
            assert_nowhere(&bench, &record, &format!("{name} of container {number}"));
        }
    }
}

/// Its name and its values.
type Column = (String, Vec<String>);

/// Records that are rows of a table, as columns of text: whole, and each column cut.
fn tables() -> Vec<(String, Vec<Column>)> {
    let rows = containers().into_iter().filter_map(|record| {
        let row: Value = serde_json::from_str(&record).ok()?;
        let columns = ["TimeGenerated", "@message", "AuditId", "_raw", "message", "line"];
        let is_table = columns.iter().any(|name| row.get(name).is_some_and(|cell| !cell.is_object()));
        is_table.then_some((record, row))
    });
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let column = |(name, value): (&String, &Value)| {
        let text = text(value);
        let cut = |at: usize| text[..text.len() * at / 10].to_owned();
        (name.clone(), std::iter::once(text.clone()).chain((5..10).map(cut)).collect())
    };
    rows.map(|(record, row)| (record, row.as_object().unwrap().iter().map(column).collect())).collect()
}

fn csv(columns: &[Column]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|(name, _)| name)).unwrap();
    for row in 0..columns[0].1.len() {
        writer.write_record(columns.iter().map(|(_, values)| &values[row])).unwrap();
    }
    writer.into_inner().unwrap()
}

fn parquet(columns: &[Column]) -> Vec<u8> {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    let columns = columns.iter().map(|(name, values)| {
        let values: ArrayRef = std::sync::Arc::new(StringArray::from(values.clone()));
        (name, values)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut file = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

#[test]
fn planted_values_are_nowhere_in_the_lake_of_a_table() {
    let tables = tables();
    assert!(tables.len() >= 9, "{}", tables.len());
    for (number, (record, columns)) in tables.into_iter().enumerate() {
        for (name, bytes) in [("a.csv", csv(&columns)), ("a.parquet", parquet(&columns))] {
            let mut bench = Bench::new();
            bench.write(name, &bytes);
            let report = bench.ingest(&[name]);
            assert!(report.rows > 0, "{name} of table {number}: {report:?}");
            assert_nowhere(&bench, &record, &format!("{name} of table {number}"));
        }
    }
}

#[test]
fn redaction_can_be_switched_off_for_rows() {
    let bench = Bench::new();
    bench.write("a.log", event().to_string().as_bytes());
    assert!(unredacted(&bench, &["a.log"]).iter().any(|row| row.contains(PLAIN)));
}

/// The rows of logs in a lake of their own that keeps all values.
fn unredacted(bench: &Bench, names: &[&str]) -> Vec<String> {
    let sources = names.iter().map(|name| bench.log(name).to_str().unwrap().to_owned()).collect();
    let mut kept = Bench::new();
    kept.lake = bench.folder.path().join("unredacted");
    let options = IngestOptions {
        redact: false,
        ..IngestOptions::new(kept.lake.clone(), sources, Timestamp::UNIX_EPOCH)
    };
    run(&options, &Silent, &Cancel::default()).unwrap();
    kept.rows()
}
