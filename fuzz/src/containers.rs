//! Each container with any bytes in it, and with an event in it whose texts are anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kubetrawl::decode::Decoded;
use serde_json::{Value, json};

use super::decoder;
use super::event::{TIME, event, split};

/// A message in its container.
type Wrap = fn(&str) -> String;

/// Those whose message is an event as text.
const OF_TEXT: [Wrap; 15] = [
    |text| text.to_owned(),
    |text| format!("2026-11-22T10:00:00Z {text}"),
    |text| format!("2026-11-22T10:00:00Z stdout F {text}"),
    |text| subscription(text).to_string(),
    |text| json!({"awslogs": {"data": STANDARD.encode(subscription(text).to_string())}}).to_string(),
    |text| {
        json!({"events": [{"timestamp": 1_795_341_600_000_i64, "message": text}], "nextToken": "t"})
            .to_string()
    },
    |text| json!({"@timestamp": "2026-11-22 10:00:00.000", "@message": text}).to_string(),
    |text| json!({"TimeGenerated": "2026-11-22T10:00:00Z", "ClusterName": "c", "RawEvent": text}).to_string(),
    |text| diagnostics(text).to_string(),
    |text| json!({"records": [diagnostics(text)]}).to_string(),
    |text| {
        json!({"TimeGenerated": "2026-11-22T10:00:00Z", "Category": "kube-audit", "log_s": text}).to_string()
    },
    |text| json!({"message": {"data": STANDARD.encode(text)}, "subscription": "s"}).to_string(),
    |text| json!({"time": "2026-11-22T10:00:00Z", "log": text}).to_string(),
    |text| {
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]})
            .to_string()
    },
    |text| json!({"@timestamp": "2026-11-22T10:00:00Z", "kubernetes": {"audit": text}}).to_string(),
];

/// Those in [`OF_TEXT`] that hold an event as text; Pub/Sub holds log entries, ViaQ an object.
const HOLD_EVENTS: usize = 11;

fn subscription(text: &str) -> Value {
    json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/c/cluster",
        "logStream": "kube-apiserver-audit-1", "logEvents": [{"id": "1", "timestamp": 1_795_341_600_000_i64, "message": text}]
    })
}

fn diagnostics(text: &str) -> Value {
    json!({"time": "2026-11-22T10:00:00Z", "category": "kube-audit", "resourceId": "/X/C", "properties": {"log": text}})
}

/// The first byte chooses the container, the second whether the rest is the message or a text in an event.
pub fn check(data: &[u8]) {
    let Some(([which, kind], text)) = split(data) else { return };
    let which = which % OF_TEXT.len();
    if kind % 2 == 0 {
        decoder::check(OF_TEXT[which](&text).as_bytes());
        return;
    }
    let message = event(&text).to_string();
    let record = OF_TEXT[which](&message);
    decoder::check(record.as_bytes());
    // An empty text is none.
    if which < HOLD_EVENTS && !text.is_empty() {
        let mut events = 0;
        decoder::of_record(record.as_bytes(), &mut |decoded| {
            let Decoded::Event(event) = decoded else { panic!("container {which}: {decoded:?}") };
            assert_eq!((event.event_time, event.username.as_deref()), (TIME, Some(text.as_str())), "{which}");
            assert_eq!(
                (event.name.as_deref(), event.user_agent.as_deref()),
                (Some(text.as_str()), Some(text.as_str()))
            );
            events += 1;
        });
        assert_eq!(events, 1, "container {which}");
    }
}
