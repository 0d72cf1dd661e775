//! Salvage: what is read of a record that was cut is what the record said, and marked.

use kubetrawl::decode::{AuditEvent, Decoded};
use serde_json::json;

use super::decoder;
use super::event::{TIME, event, split};

/// When the container says that it was.
const CONTAINER_TIME: i64 = 1_795_341_601_000_000;

/// The first two bytes choose where the record is cut, the third what stands around it.
pub fn check(data: &[u8]) {
    let Some(([high, low, around], text)) = split(data) else { return };
    let mut whole = event(&text);
    whole["requestObject"] = json!({"kind": "ConfigMap", "data": {"k": text}});
    let whole = whole.to_string();
    let at = (high << 8 | low) % (whole.len() + 1);
    let Some(cut) = whole.get(..at) else { return };
    let record = match around % 4 {
        0 => cut.to_owned(),
        1 => format!("2026-11-22T10:00:01Z {cut}[Truncated...]"),
        2 => format!("2026-11-22T10:00:01Z {cut}"),
        _ => json!({"time": "2026-11-22T10:00:01Z", "category": "kube-audit", "resourceId": "/X/C", "properties": {"log": cut}}).to_string(),
    };
    decoder::check(record.as_bytes());
    let is_whole = at == whole.len();
    decoder::of_record(record.as_bytes(), &mut |decoded| {
        if let Decoded::Event(found) = decoded {
            assert!(
                is_whole || found.salvaged && found.truncated,
                "a cut record that is not marked: {record}"
            );
            same(found, &text);
        }
    });
}

/// Each field is the record's, or was cut off.
fn same(found: &AuditEvent<'_>, text: &str) {
    assert!([TIME, TIME + 100_000, CONTAINER_TIME].contains(&found.event_time), "{}", found.event_time);
    let uri = format!("/api/v1/namespaces/n/secrets/{text}");
    for (field, expected) in [
        (&found.audit_id, "a-1"),
        (&found.stage, "ResponseComplete"),
        (&found.request_uri, uri.as_str()),
        (&found.verb, "get"),
        (&found.username, text),
        (&found.user_agent, text),
        (&found.resource, "secrets"),
        (&found.namespace, "n"),
        (&found.name, text),
        (&found.authz_reason, text),
    ] {
        assert!(field.as_deref().is_none_or(|field| field == expected), "{field:?} instead of {expected:?}");
    }
    assert!(found.response_code.is_none_or(|code| code == 200), "{:?}", found.response_code);
}
