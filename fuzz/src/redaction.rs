//! Redaction: a value planted where secrets stand comes out nowhere, whatever stands around it.

use kubetrawl::normalize::redact::{Context, body, reject_bytes};
use serde_json::{Value, json};

use super::event::{event, split};

const PLANTED: &str = "zqxjkvbpwyzqgkxvjq";

/// The first two bytes choose where the record is cut, the third where the value stands and how deep.
pub fn check(data: &[u8]) {
    let Some(([high, low, place], text)) = split(data) else { return };
    if holds(text.as_bytes()) {
        return;
    }
    let object = planted(&text, place % 6);
    for pretty in [false, true] {
        let given = if pretty { format!("{object:#}") } else { object.to_string() };
        let masked = body(&given, Context::Other);
        assert!(!holds(masked.as_bytes()), "{masked}");
        assert!(serde_json::from_str::<Value>(&masked).is_ok(), "{masked}");
    }
    let mut record = event(&text);
    record["requestObject"] = object;
    let mut record = record.to_string();
    for _ in 0..place / 6 % 3 {
        record = json!({"category": "kube-audit", "properties": {"log": record, "stream": text}}).to_string();
    }
    let at = (high << 8 | low) % (record.len() + 1);
    for part in [&record.as_bytes()[..at], &record.as_bytes()[at..]] {
        let masked = reject_bytes(part);
        assert!(!holds(&masked), "{} of {}", String::from_utf8_lossy(&masked), String::from_utf8_lossy(part));
    }
}

/// A body with the value in one of the places where one stands.
fn planted(text: &str, place: usize) -> Value {
    let inner = json!({"kind": "Secret", "data": {text: PLANTED}}).to_string();
    match place {
        0 => json!({"kind": "Secret", "metadata": {"name": text}, "data": {text: PLANTED}}),
        1 => json!({"stringData": {"p": PLANTED}, "x": text, "kind": "Secret"}),
        2 => {
            json!({"items": [{"metadata": {text: text}, "data": {"a": text, "p": PLANTED}}], "kind": "SecretList"})
        }
        3 => json!({"kind": "TokenReview", "spec": {"token": PLANTED}, "status": text}),
        4 => json!({"kind": "Secret", "x": text, "metadata": {"annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": inner}}}),
        _ => json!({"kind": "Pod", "x": format!("{text} Bearer eyJhbGciOiJSUzI1NiJ9.{PLANTED}.{PLANTED}")}),
    }
}

/// Whether eight letters in a row of the planted value stand in some bytes.
fn holds(bytes: &[u8]) -> bool {
    PLANTED.as_bytes().windows(8).any(|part| bytes.windows(8).any(|window| window == part))
}
