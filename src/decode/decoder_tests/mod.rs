mod containers;
mod cut;
mod flattened;
mod hostile;
mod properties;
mod wrappers;

use serde_json::{Value, json};

use super::*;
use crate::decode::containers::EXACT;
use crate::decode::{AuditEvent, EventTimeSource};

/// What came out: the wanted of an event, or `other NAME`, or `CODE DETAIL`.
type Outcome<T> = Result<T, String>;

fn decode_with<T>(decoder: &mut Decoder, frame: &[u8], of: impl Fn(&AuditEvent<'_>) -> T) -> Vec<Outcome<T>> {
    let mut outcomes = Vec::new();
    decoder.decode(frame, &mut |decoded| {
        outcomes.push(match decoded {
            Decoded::Event(event) => Ok(of(event)),
            Decoded::Other(name) => Err(format!("other {name}")),
            Decoded::Reject(reject) => Err(format!("{} {}", reject.reason.code.code(), reject.reason.detail)),
        });
    });
    outcomes
}

fn decode<T>(frame: &str, of: impl Fn(&AuditEvent<'_>) -> T) -> Vec<Outcome<T>> {
    decode_with(&mut Decoder::default(), frame.as_bytes(), of)
}

fn shown(event: &AuditEvent<'_>) -> String {
    let parts = [
        event.log_type.as_str(),
        event.cluster.as_deref().unwrap_or("-"),
        event.account.as_deref().unwrap_or("-"),
        event.region.as_deref().unwrap_or("-"),
        event.log_stream.as_deref().unwrap_or("-"),
        event.verb.as_deref().unwrap_or("-"),
        event.username.as_deref().unwrap_or("-"),
    ];
    parts.join(" ")
}

fn words(frame: &str) -> Vec<String> {
    decode(frame, shown).into_iter().map(|outcome| outcome.unwrap_or_else(|reject| reject)).collect()
}

/// The code or the name of what is no event.
fn reject(frame: &str) -> String {
    let outcomes = decode(frame, |_| ());
    assert_eq!(outcomes.len(), 1, "{frame}");
    outcomes.into_iter().next().unwrap().unwrap_err()
}

fn event() -> Value {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/n/secrets/s?x=%22", "verb": "get",
        "user": {"username": "jane \"j\"", "uid": "u", "groups": ["g1", "g2"], "extra": {"arn": ["x"]}},
        "impersonatedUser": {"username": "bob", "groups": ["h"]},
        "sourceIPs": ["1.2.3.4", "::1"], "userAgent": "kubectl",
        "objectRef": {"resource": "secrets", "namespace": "n", "name": "s", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "status": "Failure", "reason": "Forbidden", "code": 403},
        "requestReceivedTimestamp": "2026-11-22T10:00:00.123456Z",
        "stageTimestamp": "2026-11-22T10:00:00.223456Z",
        "annotations": {"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "no"}
    })
}

fn aks(category: &str, log: Value) -> Value {
    json!({
        "time": "2020-05-05T16:16:37.0000000Z", "category": category, "level": 4,
        "resourceId": "/SUBSCRIPTIONS/BFC3/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD",
        "properties": {"log": log, "stream": "stdout", "pod": "p"}
    })
}

fn gke() -> Value {
    json!({
        "insertId": "i-1", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Fdata_access",
        "timestamp": "2024-02-13 12:45:06.073905000",
        "resource": {"type": "k8s_cluster", "labels": {"project_id": "p", "location": "l", "cluster_name": "c"}},
        "labels": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "r"},
        "operation": {"id": "o-1", "first": true, "last": "true", "producer": "k8s.io"},
        "protoPayload": {
            "serviceName": "k8s.io", "methodName": "io.k8s.core.v1.secrets.get",
            "resourceName": "core/v1/namespaces/n/secrets/s",
            "authenticationInfo": {"principalEmail": "jane"},
            "requestMetadata": {"callerIp": "::1", "callerSuppliedUserAgent": "kubectl"},
            "status": {}, "numResponseItems": "71"
        }
    })
}

fn with(changes: Value) -> String {
    let mut event = event();
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event.to_string()
}

#[test]
fn reads_every_field_of_an_event() {
    let text = event().to_string();
    let mut seen = 0;
    Decoder::default().decode(text.as_bytes(), &mut |decoded| {
        let Decoded::Event(event) = decoded else { panic!("{decoded:?}") };
        seen += 1;
        assert_eq!(event.event_time, 1_795_341_600_123_456);
        assert_eq!(event.event_time_source, EventTimeSource::RequestReceivedTimestamp);
        assert_eq!(event.stage_time, Some(1_795_341_600_223_456));
        assert_eq!(event.log_type, LogType::KubernetesAudit);
        assert_eq!(event.audit_id.as_deref(), Some("a-1"));
        assert_eq!(event.record_id, None);
        assert_eq!(event.stage.as_deref(), Some("ResponseComplete"));
        assert_eq!(event.level.as_deref(), Some("Metadata"));
        assert_eq!(event.username.as_deref(), Some("jane \"j\""));
        assert_eq!(event.user_groups, ["g1", "g2"]);
        assert_eq!(event.user_extra.as_deref(), Some("{\"arn\":[\"x\"]}"));
        assert_eq!(event.impersonated_username.as_deref(), Some("bob"));
        assert_eq!(event.impersonated_groups, ["h"]);
        assert_eq!(event.source_ips, ["1.2.3.4", "::1"]);
        assert_eq!(event.api_group.as_deref(), Some(""));
        assert_eq!((event.resource.as_deref(), event.name.as_deref()), (Some("secrets"), Some("s")));
        assert_eq!((event.subresource.as_deref(), event.namespace.as_deref()), (None, Some("n")));
        assert_eq!((event.response_code, event.response_reason.as_deref()), (Some(403), Some("Forbidden")));
        assert_eq!(event.authz_decision.as_deref(), Some("forbid"));
        assert!(event.annotations.as_deref().unwrap().starts_with("{\"authorization"));
        assert!(!event.truncated && !event.salvaged);
        assert!(matches!(event.verb, Some(Cow::Borrowed("get"))), "strings borrow");
    });
    assert_eq!(seen, 1);
}

#[test]
fn nulls_absence_and_strings_for_numbers_are_fine() {
    let text = with(json!({
        "objectRef": null, "sourceIPs": null, "user": {"username": "", "groups": null}, "annotations": null,
        "responseStatus": {"code": "404"}, "auditID": "", "stageTimestamp": "0001-01-01T00:00:00Z"
    }));
    let outcome = decode(&text, |event| {
        assert_eq!((event.api_group.as_deref(), event.username.as_deref()), (None, None));
        assert!(event.source_ips.is_empty() && event.user_groups.is_empty());
        assert_eq!((event.stage_time, event.response_code), (None, Some(404)));
        event.record_id.as_deref().map(str::to_owned)
    });
    let id = outcome[0].clone().unwrap().unwrap();
    assert_eq!(id, crate::decode::event::content_hash(text.as_bytes()));
}

#[test]
fn times_of_2017_and_truncation_are_read() {
    let old = with(json!({"requestReceivedTimestamp": null, "timestamp": "2017-09-11T19:55:05Z"}));
    let older = with(
        json!({"requestReceivedTimestamp": null, "metadata": {"creationTimestamp": "2017-09-11T19:55:05Z"}}),
    );
    for text in [old, older] {
        let of = |event: &AuditEvent<'_>| (event.event_time, event.event_time_source);
        assert_eq!(decode(&text, of), [Ok((1_505_159_705_000_000, EventTimeSource::Timestamp))]);
    }
    let cut = with(json!({"annotations": {"audit.k8s.io/truncated": "true"}}));
    assert_eq!(decode(&cut, |event| event.truncated), [Ok(true)]);
}

#[test]
fn log_types_come_from_the_option_or_from_panther() {
    let panther = with(json!({"p_log_type": "Amazon.EKS.Audit", "p_source_label": "prod"}));
    assert_eq!(words(&panther), ["Amazon.EKS.Audit prod - - - get jane \"j\""]);
    let mut decoder = Decoder::new(DecodeOptions { log_type: Some(LogType::EksAudit) });
    let plain = event().to_string();
    assert_eq!(decode_with(&mut decoder, plain.as_bytes(), |event| event.log_type), [Ok(LogType::EksAudit)]);
}

#[test]
fn what_is_no_record_says_why() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    for (frame, expected) in [
        ("garbage".to_owned(), "not-json"),
        ("{garbage}".to_owned(), "not-json"),
        ("[1,2]".to_owned(), "not-audit"),
        ("{}".to_owned(), "not-audit"),
        ("{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"message\":\"x\"}".to_owned(), "not-audit"),
        ("{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"x".to_owned(), "cut"),
        (event().to_string()[..300].to_owned() + "[Truncated...]", "cut"),
        (with(json!({"requestReceivedTimestamp": null})), "no-time"),
        (
            with(json!({"requestReceivedTimestamp": "yesterday"})),
            "bad-time requestReceivedTimestamp is \"yesterday\"",
        ),
        (with(json!({"stageTimestamp": "1"})), "bad-time stageTimestamp"),
        (with(json!({"user": null, "user_username": "jane"})), "not-audit an Event without user"),
        (with(json!({"user": "jane"})), "wrong-type user: invalid type: string, expected struct User"),
        (with(json!({"verb": 7})), "wrong-type verb: invalid type: integer `7`, expected a string"),
        (with(json!({"sourceIPs": "1.1.1.1"})), "wrong-type sourceIPs"),
        (event().to_string().replacen('{', "{\"verb\":\"list\",", 1), "wrong-type duplicate field `verb`"),
        (with(json!({"responseStatus": {"code": "teapot"}})), "wrong-type responseStatus"),
        (with(json!({"annotations": {"authorization.k8s.io/decision": 1}})), "wrong-type annotations"),
        (
            event().to_string().replace("\"verb\":\"get\"", &format!("\"requestObject\":{}", deep(10_000))),
            "too-deep",
        ),
        (format!("{{\"a\":{}}}", deep(10_000)), "too-deep"),
        (deep(10_000), "too-deep"),
    ] {
        let found = reject(&frame);
        assert!(found.starts_with(expected), "{found:?}, not {expected:?}: {:.200}", frame);
    }
}

#[test]
fn several_records_in_a_frame_each_come_out() {
    let (one, two) = (event().to_string(), with(json!({"verb": "list"})));
    let verbs = |frame: &str| {
        let outcomes = decode(frame, |event| event.verb.as_deref().unwrap().to_owned());
        outcomes
            .into_iter()
            .map(|o| o.unwrap_or_else(|e| e.split(' ').next().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(verbs(&format!("{one}{two} {one},{two}")), ["get", "list", "get", "list"]);
    assert_eq!(
        verbs(&format!("{one}{{\"a\":1}}{two}{{\"auditID\":\"cut")),
        ["get", "not-audit", "list", "cut"]
    );
    assert_eq!(verbs(&format!("\u{feff}{one}")), ["get"]);
    let untyped = json!({"auditID": "x", "stage": "Panic", "verb": "get", "user": {}, "requestReceivedTimestamp": "2026-01-01T00:00:00Z"});
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [event(), untyped, 7, {}]});
    assert_eq!(verbs(&list.to_string()), ["get", "get", "wrong-type", "not-audit"]);
    assert_eq!(verbs("{\"kind\":\"EventList\",\"apiVersion\":\"v1\",\"items\":[]}"), ["not-audit"]);
    assert_eq!(verbs(""), Vec::<String>::new());
}

#[test]
fn bytes_that_are_not_text_do_not_cost_the_record() {
    let mut bytes = event().to_string().into_bytes();
    let at = memmem::find(&bytes, b"kubectl").unwrap();
    bytes[at] = 0xff;
    let agents =
        decode_with(&mut Decoder::default(), &bytes, |event| event.user_agent.as_deref().unwrap().to_owned());
    assert_eq!(agents, [Ok("\u{fffd}ubectl".to_owned())]);
    let mut rejected = Vec::new();
    Decoder::default().decode(b"\xff\xfe", &mut |decoded| {
        let Decoded::Reject(reject) = decoded else { panic!() };
        rejected = reject.bytes.to_vec();
    });
    assert_eq!(rejected, b"\xff\xfe");
}

#[test]
fn the_last_container_does_not_change_the_answer() {
    let frames = [
        event().to_string(),
        aks("kube-audit", event()).to_string(),
        gke().to_string(),
        json!({"records": [aks("kube-audit", event())]}).to_string(),
        format!("1565373600000 {}", event()),
        "I0619 08:07:21.502238       1 a.go:1] x".to_owned(),
        "{\"a\":1}".to_owned(),
        "{\"category\":\"kube-audit\"}".to_owned(),
        with(json!({"category": "kube-audit", "properties": {}})),
        with(json!({"protoPayload": {"methodName": "io.k8s.get"}, "timestamp": "2026-01-01T00:00:00Z"})),
        "junk".to_owned(),
    ];
    for before in &frames {
        for frame in &frames {
            let mut decoder = Decoder::default();
            decode_with(&mut decoder, before.as_bytes(), |_| ());
            assert_eq!(
                decode_with(&mut decoder, frame.as_bytes(), shown),
                decode(frame, shown),
                "{before} {frame}"
            );
        }
    }
}
