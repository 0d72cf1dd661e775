//! An event as the API server writes it, with texts of the fuzzer's choice.

use serde_json::{Value, json};

/// When it was received, in microseconds since 1970-01-01T00:00Z.
pub const TIME: i64 = 1_795_341_600_123_456;

/// The texts stand where a caller chooses them: name, user agent, URI, user.
pub fn event(text: &str) -> Value {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": format!("/api/v1/namespaces/n/secrets/{text}"), "verb": "get",
        "user": {"username": text, "groups": [text, "g"]}, "sourceIPs": ["10.0.0.1"], "userAgent": text,
        "objectRef": {"resource": "secrets", "namespace": "n", "name": text, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-11-22T10:00:00.123456Z", "stageTimestamp": "2026-11-22T10:00:00.223456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": text}
    })
}

/// The first bytes of the input, which choose, and the others as text.
pub fn split<const N: usize>(data: &[u8]) -> Option<([usize; N], String)> {
    let (choices, text) = data.split_first_chunk::<N>()?;
    Some((choices.map(usize::from), String::from_utf8_lossy(text).into_owned()))
}
