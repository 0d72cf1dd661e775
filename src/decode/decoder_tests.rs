use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::testing::json as any_json;
use crate::decode::{ChunkReader, EventTimeSource, Limits, decompress};

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
        (with(json!({"user": "jane"})), "wrong-type user: invalid type: string \"jane\""),
        (with(json!({"verb": 7})), "wrong-type verb: invalid type: integer `7`, expected a string"),
        (with(json!({"sourceIPs": "1.1.1.1"})), "wrong-type sourceIPs"),
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
    let untyped = json!({"auditID": "x", "stage": "Panic", "verb": "get", "requestReceivedTimestamp": "2026-01-01T00:00:00Z"});
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
fn reads_cloudwatch_exports() {
    let expected = "Amazon.EKS.Audit - - - - get jane \"j\"";
    for (line, expected) in [
        (format!("2019-08-09T18:00:00.000Z {}", event()), expected),
        (format!("1565373600000 {}", event()), expected),
        ("2019-08-09T18:00:00.000Z I0619 08:07:21.502238       1 a.go:1] x".to_owned(), "other klog"),
        ("2019-08-09T18:00:00.000Z time=\"x\" level=info msg=\"y\"".to_owned(), "other logfmt"),
        ("I0619 08:07:21.502238       1 a.go:1] x".to_owned(), "other klog"),
        ("Permission Check Successful".to_owned(), "other aws-logs-write-test"),
    ] {
        assert_eq!(words(&line), [expected], "{line}");
    }
    assert!(reject("2019-08-09T18:00:00.000Z words").starts_with("not-json"));
    assert!(reject("2019-08-09T18:00:00.000Z {\"a\":1}").starts_with("not-audit"));
    assert!(reject("2019-08-09T18:00:00.000Z {\"auditID\":\"[Truncated...]").starts_with("cut"));
}

fn aks(category: &str, log: Value) -> Value {
    json!({
        "time": "2020-05-05T16:16:37.0000000Z", "category": category, "level": 4,
        "resourceId": "/SUBSCRIPTIONS/BFC3/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD",
        "properties": {"log": log, "stream": "stdout", "pod": "p"}
    })
}

#[test]
fn reads_aks_diagnostics() {
    let expected = "Azure.MonitorActivity prod bfc3 - kube-audit get jane \"j\"";
    let string = aks("kube-audit", Value::from(event().to_string() + "\n"));
    let object = aks("kube-audit", event());
    let klog = aks("kube-controller-manager", Value::from("I0101 text\n"));
    assert_eq!(words(&string.to_string()), [expected]);
    assert_eq!(words(&object.to_string()), [expected]);
    assert_eq!(words(&klog.to_string()), ["other aks:kube-controller-manager"]);
    let hub = json!({"records": [string, klog, object, event(), null]}).to_string();
    let outcomes = words(&hub);
    assert_eq!(outcomes[..3], [expected, "other aks:kube-controller-manager", expected]);
    assert_eq!(outcomes[3], "Kubernetes.Audit - - - - get jane \"j\"");
    assert!(outcomes[4].starts_with("not-audit") && outcomes.len() == 5);
    let whole = event().to_string();
    for (log, expected) in [
        (Value::from(&whole[..200]), "cut properties.log: "),
        (Value::Null, "wrong-type properties.log: "),
        (Value::from(7), "wrong-type properties.log: "),
        (Value::from("{\"a\":1}"), "not-audit properties.log"),
    ] {
        let found = reject(&aks("kube-audit-admin", log).to_string());
        assert!(found.starts_with(expected), "{found}");
    }
    assert!(reject("{\"records\":7}").starts_with("wrong-type records"));
    let mut deep = aks("kube-audit", Value::Null);
    for _ in 0..10 {
        deep = json!({"records": [deep]});
    }
    assert!(reject(&deep.to_string()).starts_with("too-deep"));
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

fn gke_with(changes: Value) -> String {
    let mut entry = gke();
    for (key, value) in changes.as_object().unwrap() {
        entry["protoPayload"][key] = value.clone();
    }
    entry.to_string()
}

#[test]
fn reads_gke_log_entries() {
    let text = gke().to_string();
    assert_eq!(words(&text), ["GCP.AuditLog c p l data_access get jane"]);
    let fields = decode(&text, |event| {
        assert_eq!(event.event_time, 1_707_828_306_073_905);
        assert_eq!((event.audit_id.as_deref(), event.record_id.as_deref()), (Some("o-1"), Some("i-1")));
        assert_eq!((event.stage.as_deref(), event.level.as_deref()), (Some("ResponseComplete"), None));
        assert_eq!((event.resource.as_deref(), event.name.as_deref()), (Some("secrets"), Some("s")));
        assert_eq!(event.request_uri.as_deref(), Some("/api/v1/namespaces/n/secrets/s"));
        assert_eq!(event.source_ips, ["::1"]);
        assert_eq!(event.authz_decision.as_deref(), Some("allow"));
        (event.response_code, event.response_status.as_deref().map(str::to_owned))
    });
    assert_eq!(fields, [Ok((Some(200), Some("{}".to_owned())))]);
    let normalised = gke_with(json!({"requestMetadata": {"callerIP": "1.2.3.4"}}));
    assert_eq!(decode(&normalised, |event| event.source_ips[0].to_string()), [Ok("1.2.3.4".to_owned())]);
    let escaped = text.replace("namespaces/n/", "namespaces\\/n\\/");
    assert_eq!(decode(&escaped, |event| event.namespace.as_deref() == Some("n")), [Ok(true)]);
    let started = text.replace("\"last\":\"true\"", "\"last\":false");
    assert_eq!(decode(&started, |event| event.stage.as_deref() == Some("ResponseStarted")), [Ok(true)]);
    assert_eq!(
        words(&gke_with(json!({"serviceName": "container.googleapis.com"}))),
        ["other gke:container.googleapis.com"]
    );
    let stdout =
        json!({"logName": "projects/p/logs/stdout", "resource": {}, "textPayload": "x", "timestamp": "t"});
    assert_eq!(words(&stdout.to_string()), ["other gke:stdout"]);
}

#[test]
fn grpc_statuses_become_http() {
    for (status, response, expected) in [
        (json!({"code": 7, "message": "m"}), Value::Null, (403, None)),
        (json!({"code": "5"}), Value::Null, (404, None)),
        (
            json!({"code": 10}),
            json!({"code": 409, "reason": "AlreadyExists"}),
            (409, Some("AlreadyExists".to_owned())),
        ),
        (json!({"code": 3}), json!({"code": 422}), (422, None)),
        (json!({}), json!({"code": "odd", "reason": {}}), (200, None)),
        (Value::Null, json!({"status": "Failure"}), (200, None)),
    ] {
        let text = gke_with(json!({"status": status, "response": response}));
        let of = |event: &AuditEvent<'_>| {
            (event.response_code.unwrap(), event.response_reason.as_deref().map(str::to_owned))
        };
        assert_eq!(decode(&text, of), [Ok(expected)], "{text}");
    }
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

proptest! {
    #[test]
    fn never_panics_and_gives_one_outcome_a_line(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let outcomes = decode_with(&mut Decoder::default(), &bytes, |_| ());
        let starts_object = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').trim_ascii().starts_with('{');
        prop_assert!(starts_object || outcomes.len() <= 1);
    }

    #[test]
    fn damage_costs_no_more_than_the_record(
        at in 0.0..1.0f64, byte in any::<u8>(), which in 0usize..4, cut in any::<bool>(),
    ) {
        let text = [event(), aks("kube-audit", Value::from(event().to_string())), gke(), aks("kube-audit", event())][which].to_string();
        let mut bytes = text.into_bytes();
        let at = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let mut outcomes = 0;
        Decoder::default().decode(&bytes, &mut |_| outcomes += 1);
        prop_assert!(outcomes == 1 || (at <= 1 || !cut), "{} outcomes", outcomes);
    }

    #[test]
    fn one_outcome_for_each_object(values in proptest::collection::vec(any_json(3), 1..5)) {
        let objects: Vec<String> = values.into_iter().map(|value| json!({"x": value}).to_string()).collect();
        let outcomes = decode_with(&mut Decoder::default(), objects.concat().as_bytes(), |_| ());
        prop_assert_eq!(outcomes.len(), objects.len());
        prop_assert!(outcomes.iter().all(Result::is_err));
    }
}

/// Rows, others and rejects of a corpus file; `None` where there is no corpus.
fn corpus(file: &str) -> Option<(usize, usize, usize, bool)> {
    let Some(folder) = std::env::var_os("KUBETRAWL_CORPUS") else {
        eprintln!("passed over: KUBETRAWL_CORPUS is not set");
        return None;
    };
    let file = std::fs::File::open(PathBuf::from(folder).join(file)).unwrap();
    let mut reader = ChunkReader::new(decompress(Box::new(file)).unwrap(), Limits::default());
    let mut decoder = Decoder::default();
    let (mut rows, mut others, mut rejects, mut log) = (0, 0, 0, false);
    while let Some(chunk) = reader.next_chunk().unwrap() {
        for frame in &chunk.frames {
            decoder.decode_frame(&chunk, frame, &mut |decoded| {
                log |= is_log_record(&decoded);
                match decoded {
                    Decoded::Event(_) => rows += 1,
                    Decoded::Other(_) => others += 1,
                    Decoded::Reject(_) => rejects += 1,
                }
            });
        }
    }
    Some((rows, others, rejects, log))
}

#[test]
fn corpus_files_hold_what_their_index_says() {
    for (file, expected) in [
        ("kube-apiserver/immudb-k8s.log", (2_971, 0, 0, true)),
        ("kube-apiserver/openshift-audit_in.log", (100, 0, 0, true)),
        ("kube-apiserver/audit2rbac-demo.log", (37, 0, 0, true)),
        ("kube-apiserver/rbac-tool-01.json", (3, 0, 0, true)),
        ("kube-apiserver/crowdsec-pod-exec.log", (1, 0, 0, true)),
        ("kube-apiserver/crowdsec-priv-pod.log", (1, 0, 0, true)),
        ("aks/eventhub-records.json", (22, 0, 0, true)),
        ("aks/eventhub-one-record-bom.json", (1, 0, 0, true)),
        ("aks/unwrapped-event-pretty-bom.json", (1, 0, 0, true)),
        ("gke/logentries.jsonl", (11, 0, 5, true)),
        ("shippers/viaq_audit_kubernetes.json", (1, 0, 0, true)),
        ("not-audit/admissionreview.jsonl", (0, 0, 59, false)),
    ] {
        let Some(found) = corpus(file) else { return };
        assert_eq!(found, expected, "{file}");
    }
}
