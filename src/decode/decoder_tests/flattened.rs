//! Records whose fields were flattened.

use proptest::prelude::*;

use super::*;
use crate::decode::tables::is_csv;
use crate::normalize::redact::{self, reject_bytes};

/// All that an event says, with its JSON read, so that neither the order of keys nor blanks count.
fn all(event: &AuditEvent<'_>) -> String {
    let read = |json: &Option<Cow<'_, str>>| -> Option<Value> {
        let mut value: Value = serde_json::from_str(json.as_deref()?).unwrap();
        value.sort_all_objects();
        Some(value)
    };
    let json = [
        &event.user_extra,
        &event.response_status,
        &event.annotations,
        &event.request_object,
        &event.response_object,
    ]
    .map(read);
    let texts = AuditEvent {
        user_extra: None,
        response_status: None,
        annotations: None,
        request_object: None,
        response_object: None,
        ..event.clone()
    };
    format!("{texts:?} {json:?}")
}

fn alls(record: &Value) -> Vec<Outcome<String>> {
    decode(&record.to_string(), all)
}

/// What is inside a value by its path, objects only or lists as well.
fn flatten(path: &str, value: &Value, lists: bool, flat: &mut Vec<(String, Value)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(key, value)| flatten(&below(key), value, lists, flat));
        }
        Value::Array(values) if lists && !values.is_empty() => {
            for (number, value) in values.iter().enumerate() {
                flatten(&below(&number.to_string()), value, lists, flat);
            }
        }
        value => flat.push((path.to_owned(), value.clone())),
    }
}

fn flat(record: &Value, prefix: &str, lists: bool) -> Value {
    let mut fields = Vec::new();
    flatten("", record, lists, &mut fields);
    fields.into_iter().map(|(path, value)| (format!("{prefix}{path}"), value)).collect()
}

fn body() -> Value {
    json!({
        "kind": "Pod", "metadata": {
            "name": "p", "annotations": {"kubernetes.io/a.b": "x", "c": "y"}, "labels": {"app.kubernetes.io/name": null},
        },
        "spec": {"containers": (0..12).map(|n| json!({"name": n.to_string(), "args": ["a", "b"]})).collect::<Vec<_>>()},
    })
}

fn with_bodies() -> Value {
    let mut event = event();
    (event["requestObject"], event["responseObject"]) = (body(), body());
    event
}

#[test]
fn flattened_events_are_as_nested_ones() {
    let event = with_bodies();
    let nested = alls(&event);
    assert!(nested[0].is_ok());
    for (prefix, lists) in [("", false), ("", true), ("kubernetes.audit.", true), ("@", false)] {
        assert_eq!(alls(&flat(&event, prefix, lists)), nested, "{prefix}");
    }
    for inside in [
        json!({"kubernetes": {"audit": flat(&event, "", true)}}),
        json!({"kubernetes.audit": flat(&event, "", false)}),
        json!({"kubernetes": flat(&event, "audit.", false)}),
        json!({"message": flat(&event, "", false).to_string(), "@timestamp": "2026-11-22T10:00:01Z"}),
        json!({"_source": flat(&event, "kubernetes.audit.", false)}),
        json!({"preview": false, "result": flat(&event, "", false)}),
        json!({"records": [flat(&event, "", false)]}),
    ] {
        assert_eq!(alls(&inside), nested, "{inside}");
    }
    let mut entry = gke();
    (entry["protoPayload"]["request"], entry["protoPayload"]["response"]) = (body(), body());
    let nested = alls(&entry);
    assert!(nested[0].is_ok());
    assert_eq!(alls(&flat(&entry, "", true)), nested);
}

#[test]
fn records_may_be_flattened_in_part() {
    let nested = alls(&event());
    for name in ["user", "impersonatedUser", "objectRef", "responseStatus", "annotations", "sourceIPs"] {
        let mut event = event();
        let inside = json!({name: event.as_object_mut().unwrap().remove(name)});
        event.as_object_mut().unwrap().extend(flat(&inside, "", true).as_object().unwrap().clone());
        assert_eq!(alls(&event), nested, "{name}");
    }
    let nested = alls(&gke());
    for name in ["resource", "labels", "protoPayload"] {
        let mut entry = gke();
        let inside = json!({name: entry.as_object_mut().unwrap().remove(name)});
        entry.as_object_mut().unwrap().extend(flat(&inside, "", true).as_object().unwrap().clone());
        assert_eq!(alls(&entry), nested, "{name}");
    }
    let mut entry = gke();
    entry["protoPayload"] = flat(&entry["protoPayload"], "", false);
    assert_eq!(alls(&entry), nested);
}

#[test]
fn keys_of_others_beside_a_nested_event_change_nothing() {
    let usual = decode(&event().to_string(), |event| format!("{event:?}"));
    let more = with(
        json!({"user.name": "x", "user.username": "y", "labels.a": "b", "kubernetes.audit.user.username": "z", "kubernetes.audit.verb": "x"}),
    );
    assert_eq!(decode(&more, |event| format!("{event:?}")), usual);
    for record in [
        json!({"user.username": "a", "verb": "get"}),
        json!({"auditID": "a", "user.name": "a", "verb": "get"}),
    ] {
        assert!(reject(&record.to_string()).starts_with("not-audit"), "{record}");
    }
    let pod = json!({"kind": "Pod", "verb": "get", "auditID": "a", "user.username": "a"});
    assert!(reject(&pod.to_string()).starts_with("not-audit"));
}

#[test]
fn cells_of_tables_say_what_the_fields_said() {
    let row = json!({
        "_time": "2026-11-22T10:00:00.123+0000", "auditID": "a", "verb": "get", "user.username": "ann", "user.uid": "-",
        "user.groups{}": "a\nb", "sourceIPs": "1.2.3.4, ::1", "impersonatedUser.groups": "[\"x, y\"]",
        "responseStatus.code": "403", "user.extra.a.b/c": "x, y", "requestURI": "/api",
        "annotations.authorization_k8s_io/decision": "allow", "requestObject": "{\"a\":1}", "responseObject": "{\"a\"",
    });
    let outcomes = decode(&row.to_string(), |event| {
        assert_eq!(event.event_time_source, EventTimeSource::Container);
        assert!(!event.salvaged && !event.truncated && event.user_uid.is_none());
        assert_eq!(event.event_time, 1_795_341_600_123_000);
        assert_eq!(
            (event.response_code, event.response_status.as_deref()),
            (Some(403), Some("{\"code\":403}"))
        );
        assert_eq!(
            (event.user_groups.as_slice(), event.source_ips.len()),
            (&["a".into(), "b".into()][..], 2)
        );
        assert_eq!(event.impersonated_groups, ["x, y"]);
        assert_eq!(event.user_extra.as_deref(), Some("{\"a.b/c\":[\"x, y\"]}"));
        assert_eq!((event.authz_decision.as_deref(), event.api_group.as_deref()), (Some("allow"), None));
        assert_eq!(
            (event.request_object.as_deref(), event.response_object.as_deref()),
            (Some("{\"a\":1}"), None)
        );
    });
    assert_eq!(outcomes, [Ok(())]);
    let twice = json!({"auditID": "a", "verb": ["get", "list"], "user.username": "ann", "@timestamp": "2026-11-22T10:00:00Z"});
    assert!(reject(&twice.to_string()).starts_with("wrong-type"));
    let late = json!({"auditID": "a", "verb": "get", "user.username": "ann", "@timestamp": "Nov 22, 2026 @ 10:00:00.000"});
    assert!(reject(&late.to_string()).starts_with("no-time"));
}

#[test]
fn headers_are_known_by_an_id_or_a_verb_beside_a_user() {
    for (header, known) in [
        ("auditID,verb,user.username", true),
        ("\"kubernetes.audit.auditID\",\"kubernetes.audit.verb\",\"kubernetes.audit.user.username\"", true),
        ("_time;requestURI;user.username;sourceIPs{}", true),
        ("@verb\t@user.username\t@stage", true),
        ("timestamp,protoPayload.methodName,protoPayload.authenticationInfo.principalEmail", true),
        ("verb,user.username", false),
        ("auditID,verb,user", false),
        ("auditID,objectRef.resource,verb", false),
        ("timestamp,protoPayload.methodName,severity", false),
        ("user.username is auditID, verb,x=1", false),
    ] {
        assert_eq!(is_csv(format!("{header}\n1,2,3\n").as_bytes()), known, "{header}");
    }
}

/// What the lake would keep of a record.
fn kept(record: &Value) -> String {
    let mut kept = String::new();
    Decoder::default().decode(record.to_string().as_bytes(), &mut |decoded| match decoded {
        Decoded::Event(event) => {
            let context = redact::Context::of(event);
            let bodies = [&event.request_object, &event.response_object, &event.annotations];
            for body in bodies.into_iter().flatten() {
                kept += &redact::body(body, context);
            }
            let status = event.response_status.as_deref().unwrap_or_default();
            kept += &match context {
                redact::Context::Secret => redact::status(status),
                redact::Context::Other => redact::text(status),
            };
        }
        Decoded::Reject(reject) => kept += &String::from_utf8_lossy(&reject_bytes(reject.bytes)),
        Decoded::Other(_) => {}
    });
    kept
}

#[test]
fn what_is_secret_in_a_body_is_masked_or_left_out() {
    const PLANTED: &str = "aHVudGVyMg==";
    let applied = format!("{{\"kind\":\"Secret\",\"data\":{{\"password\":\"{PLANTED}\"}}}}");
    let fields = [
        ("responseObject.data.password", PLANTED.to_owned()),
        ("responseObject.data", format!("{{\"password\":\"{PLANTED}\"}}")),
        ("responseObject.data.tls.crt", PLANTED.to_owned()),
        ("responseObject.items.0.data.password", PLANTED.to_owned()),
        ("responseObject.items{}.data.password", PLANTED.to_owned()),
        ("requestObject.stringData.password", PLANTED.to_owned()),
        (
            "annotations.patch.webhook.admission.k8s.io/round_0_index_0",
            format!("{{\"patch\":[{{\"op\":\"add\",\"path\":\"/data/a\",\"value\":\"{PLANTED}\"}}]}}"),
        ),
        (
            "responseObject.metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
            applied.clone(),
        ),
        ("responseObject", applied.clone()),
        ("responseObject", applied[..applied.len() - 2].to_owned()),
        (
            "responseStatus.message",
            format!("error found in #10 byte of ...|:\"{PLANTED}\"|..., bigger context"),
        ),
    ];
    let about = [
        json!({}),
        json!({"objectRef.resource": "secrets"}),
        json!({"objectRef.resource": "secrets", "responseObject.kind": "Secret"}),
        json!({"requestURI": "/api/v1/namespaces/n/secrets"}),
        json!({"objectRef.resource": "configmaps"}),
        json!({"objectRef.resource": "-", "requestURI": ""}),
        json!({"verb": ["a", "b"]}),
    ];
    let base = json!({"auditID": "a", "verb": "get", "user.username": "a", "requestReceivedTimestamp": "2026-11-22T10:00:00Z"});
    for ((key, value), about) in fields.iter().flat_map(|field| about.iter().map(move |about| (field, about)))
    {
        // As in a nested one: it is about no Secret.
        let is_quote = *key == "responseStatus.message" || key.starts_with("annotations.");
        if is_quote && about["objectRef.resource"] == "configmaps" {
            continue;
        }
        for prefix in ["", "kubernetes.audit."] {
            let mut record = base.clone();
            record.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
            record[key] = json!(value);
            let record: Value = record
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| (format!("{prefix}{key}"), value.clone()))
                .collect();
            for record in [record.clone(), json!({"_index": "i", "fields": record})] {
                assert!(!kept(&record).contains(PLANTED), "{record}");
            }
        }
    }
    let shown = json!({
        "auditID": "a", "verb": "get", "user.username": "a", "objectRef.resource": "secrets", "@timestamp": "2026-11-22T10:00:00Z",
        "responseObject.kind": "Secret", "responseObject.data.password": PLANTED,
    });
    assert_eq!(kept(&shown), "{\"data\":{\"password\":\"REDACTED\"},\"kind\":\"Secret\"}");
}

#[test]
fn rejects_of_flattened_records_are_seen_to_be_records_of_a_log() {
    let record = json!({"fields": flat(&event(), "kubernetes.audit.", false), "_index": "i"}).to_string();
    for (text, expected) in
        [(&record[..record.len() / 2], true), ("{\"name\":\"kubernetes.audit.auditID\"}", false)]
    {
        let mut found = false;
        Decoder::default().decode(text.as_bytes(), &mut |decoded| found |= is_log_record(&decoded));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn bodies_that_cannot_be_told_are_left_out() {
    let of = |fields: Value| {
        let mut record = flat(&event(), "", false);
        record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        decode(&record.to_string(), |event| event.request_object.as_deref().map(str::to_owned))
    };
    for (fields, expected) in [
        (json!({"requestObject.a": 1, "requestObject.b.c": [2]}), Some("{\"a\":1,\"b\":{\"c\":[2]}}")),
        (
            json!({"requestObject.a[0].b": 1, "requestObject.a[1].b": 2}),
            Some("{\"a\":[{\"b\":1},{\"b\":2}]}"),
        ),
        (json!({"requestObject.a.0": 1, "requestObject.a.2": 2}), Some("{\"a\":{\"0\":1,\"2\":2}}")),
        (json!({"requestObject.a": 1, "requestObject.a.b": 2}), None),
        (json!({"requestObject.a..b": 2}), None),
        (json!({"requestObject.selector.app.kubernetes.io/name": "x"}), None),
        (json!({"requestObject.a{}.b": "x\ny"}), None),
        (json!({"requestObject": "words"}), None),
        (json!({format!("requestObject{}", ".a".repeat(10_000)): 1}), None),
    ] {
        assert_eq!(of(fields.clone()), [Ok(expected.map(str::to_owned))], "{fields}");
    }
}

#[test]
fn hostile_keys_cost_what_they_are_long() {
    let base = "\"auditID\":\"a\",\"verb\":\"get\",\"user.username\":\"a\",\"requestURI\":\"/\",\"@timestamp\":\"2026-11-22T10:00:00Z\"";
    let keys: [fn(usize) -> String; 6] = [
        |n| format!("requestObject{}.{n}", ".a".repeat(10_000)),
        |n| format!("requestObject{}.{n}", ".a".repeat(30)),
        |n| format!("sourceIPs.{}", u64::MAX - n as u64),
        |n| format!("requestObject.{n}.{n}.{n}"),
        |n| format!("requestObject.a{}", ".b".repeat(n % 30)),
        |n| format!("annotations.{n}.a"),
    ];
    for key in keys {
        let mut record = format!("{{{base}");
        let mut number = 0;
        while record.len() < 4 << 20 {
            record += &format!(",\"{}\":\"x\"", key(number));
            number += 1;
        }
        record.push('}');
        assert_eq!(decode(&record, |_| ()).len(), 1, "{}", key(0));
    }
}

/// Any Event whose names and lists survive being flattened.
fn any_event() -> impl Strategy<Value = Value> {
    let text = "[a-zA-Z0-9 .:/\"\\\\\u{e9}]{1,8}".prop_filter("no text", |text| text.trim() != "-");
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    let body = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,6}[0-9]{0,2}", inner, 1..4)
                .prop_map(|fields| fields.into_iter().collect::<Value>()),
        ]
    });
    let object = prop::collection::btree_map("[a-z]{1,6}[0-9]?", body, 1..4);
    let object = object.prop_map(|fields| fields.into_iter().collect::<Value>());
    let maps =
        prop::collection::btree_map("[a-z]{1,4}(\\.[a-z]{1,3}){0,2}/[a-z.]{0,3}[a-z]", text.clone(), 1..4);
    let lists = prop::collection::vec(text.clone(), 1..4);
    let parts = (object.clone(), object, maps.clone(), maps, lists.clone(), lists, text, any::<u8>());
    parts.prop_map(|(request, response, annotations, extra, groups, ips, name, without)| {
        let mut event = event();
        (event["requestObject"], event["responseObject"]) = (request, response);
        (event["annotations"], event["user"]["groups"]) = (json!(annotations), json!(groups));
        event["user"]["extra"] =
            extra.into_iter().map(|(key, value)| (key, json!([value, "second"]))).collect();
        (event["sourceIPs"], event["objectRef"]["name"]) = (json!(ips), json!(name));
        let optional =
            ["requestObject", "responseObject", "annotations", "sourceIPs", "impersonatedUser", "userAgent"];
        for (bit, name) in optional.into_iter().enumerate().filter(|(bit, _)| without >> bit & 1 == 1) {
            let _ = bit;
            event.as_object_mut().unwrap().remove(name);
        }
        event
    })
}

proptest! {
    #[test]
    fn any_event_is_the_same_when_flattened(event in any_event(), lists in any::<bool>(), prefix in "(kubernetes\\.audit\\.)?") {
        let nested = alls(&event);
        prop_assert!(nested[0].is_ok());
        prop_assert_eq!(alls(&flat(&event, &prefix, lists)), nested);
    }
}
