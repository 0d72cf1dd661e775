//! Each container as its exports look, and what is wrong with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;

use super::*;

const EKS: &str = "Amazon.EKS.Audit prod 111122223333 - kube-apiserver-audit-1 get jane \"j\"";
const BARE: &str = "Kubernetes.Audit - - - - get jane \"j\"";

fn subscription(stream: &str, messages: &[String]) -> Value {
    let events: Vec<Value> = messages
        .iter()
        .map(|m| json!({"id": "1", "timestamp": 1_795_341_601_500_i64, "message": m}))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/eks/prod/cluster",
        "logStream": stream, "subscriptionFilters": ["f"], "logEvents": events
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn subscriptions_and_what_carries_them() {
    let text = event().to_string();
    let cut = text[..text.find("\"responseStatus").unwrap()].to_owned() + "[Truncated...]";
    let data = subscription("kube-apiserver-audit-1", &[text.clone(), cut]);
    assert_eq!(words(&data.to_string()), [EKS, EKS]);
    assert_eq!(decode(&data.to_string(), |event| event.salvaged), [Ok(false), Ok(true)]);
    let control =
        json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logEvents": []});
    let scheduler = subscription("kube-scheduler-2", &["I0101".into(), "x".into()]);
    let joined = format!("{control}{data}{scheduler}");
    let other = "other eks:kube-scheduler";
    assert_eq!(words(&joined), ["other eks:control-message", EKS, EKS, other, other]);
    let encoded = STANDARD.encode(gzip(&data.to_string()));
    for wrapped in [
        json!({"awslogs": {"data": encoded}}),
        json!({"Records": [{"kinesis": {"data": encoded}, "eventSource": "aws:kinesis"}]}),
        json!({"records": [{"recordId": "1", "data": encoded}]}),
    ] {
        assert_eq!(words(&wrapped.to_string()), [EKS, EKS], "{wrapped}");
    }
    assert!(
        reject(&json!({"awslogs": {"data": STANDARD.encode(&gzip(&text)[..60])}}).to_string())
            .starts_with("cut")
    );
    assert!(reject(&json!({"awslogs": {"data": "%%"}}).to_string()).starts_with("not-audit"));
    assert!(reject(&json!({"data": "cGFzc3dvcmQ="}).to_string()).starts_with("not-audit"));
    let odd = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"timestamp": "x", "message": "m"}, {"timestamp": 1}]});
    let outcomes = words(&odd.to_string());
    assert!(outcomes[0].starts_with("wrong-type") && outcomes[1].starts_with("not-audit"), "{outcomes:?}");
}

#[test]
fn queries_of_a_log_group() {
    let text = event().to_string();
    let listed = json!({"events": [
        {"logStreamName": "kube-apiserver-audit-1", "timestamp": 1_795_341_601_500_i64, "message": text, "ingestionTime": 1, "eventId": "1"},
        {"logStreamName": "authenticator-1", "timestamp": 1_795_341_601_500_i64, "message": "time=x level=info msg=y"}
    ], "searchedLogStreams": [], "nextToken": "t"});
    let row = "Amazon.EKS.Audit - - - kube-apiserver-audit-1 get jane \"j\"";
    assert_eq!(words(&listed.to_string()), [row, "other eks:authenticator"]);
    let field = |field: &str, value: &str| json!({"field": field, "value": value});
    let insights = json!({"results": [
        [field("@timestamp", "2026-11-22 10:00:01.500"), field("@message", &text), field("@ptr", "p"),
         field("@log", "111122223333:/aws/eks/prod/cluster"), field("@logStream", "kube-apiserver-audit-1")],
        [field("@timestamp", "2026-11-22 10:00:01.500")]
    ], "statistics": {}, "status": "Complete"});
    let outcomes = words(&insights.to_string());
    assert_eq!(outcomes[0], EKS);
    assert!(outcomes[1].starts_with("not-audit"));
    // Each once and in order, though the second and the fourth are not what a result looks like.
    let good = &insights["results"][0];
    let odd =
        json!({"results": [good, 7, good, ["x", field("@message", &text)], good], "status": "Complete"});
    let outcomes = words(&odd.to_string());
    assert_eq!([&outcomes[0], &outcomes[2], &outcomes[4]], [EKS; 3]);
    assert!(outcomes[1].starts_with("not-audit") && outcomes[3].contains("jane"), "{outcomes:?}");
    assert_eq!(outcomes.len(), 5);
    let cell = json!({"@timestamp": "2026-11-22 10:00:01.500", "@message": &text[..text.find("\"responseStatus").unwrap()]});
    assert_eq!(decode(&cell.to_string(), |event| event.event_time), [Ok(1_795_341_601_500_000)]);
    let sentinel = json!({"TimeGenerated": "2026-11-22T10:00:01Z", "AwsAccountId": "1", "Region": "r", "ClusterName": "prod", "Verb": "x", "RawEvent": text});
    assert_eq!(words(&sentinel.to_string()), ["Amazon.EKS.Audit prod 1 r - get jane \"j\""]);
}

#[test]
fn log_analytics_rows() {
    let id =
        "/subscriptions/bfc3/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/prod";
    let diagnostics = |category: &str| {
        json!({
            "TimeGenerated": "2026-11-22T10:00:01Z", "Category": category, "ResourceId": id.to_uppercase(),
            "log_s": event().to_string() + "\n", "pod_s": "p", "stream_s": "stdout"
        })
    };
    let expected = "Azure.MonitorActivity prod bfc3 - kube-audit get jane \"j\"";
    assert_eq!(words(&diagnostics("kube-audit").to_string()), [expected]);
    assert_eq!(words(&diagnostics("guard").to_string()), ["other aks:guard"]);
    let event = event();
    let table = |dynamic: &dyn Fn(&Value) -> Value| {
        json!({
            "TimeGenerated": "2026-11-22T10:00:01Z", "AuditId": "a-1", "Level": "Metadata", "Verb": "get",
            "RequestUri": event["requestURI"], "Stage": "ResponseComplete", "UserAgent": "kubectl",
            "RequestReceivedTime": "2026-11-22T10:00:00.123456Z", "StageReceivedTime": "11/22/2026",
            "ObjectRef": dynamic(&event["objectRef"]), "User": dynamic(&event["user"]),
            "ResponseStatus": dynamic(&event["responseStatus"]), "SourceIps": dynamic(&event["sourceIPs"]),
            "Annotations": dynamic(&event["annotations"]), "RequestObject": "skipped-too-big-size-object",
            "Type": "AKSAudit", "_ResourceId": id
        })
    };
    for mut row in [table(&|value| value.clone()), table(&|value| Value::from(value.to_string()))] {
        assert!(reject(&row.to_string()).starts_with("bad-time stageTimestamp"));
        row["StageReceivedTime"] = json!("2026-11-22T10:00:00.223456Z");
        assert_eq!(words(&row.to_string()), ["Azure.MonitorActivity prod bfc3 - AKSAudit get jane \"j\""]);
        let fields = decode(&row.to_string(), |event| {
            (
                event.truncated,
                event.request_object.is_some(),
                event.name.as_deref() == Some("s"),
                event.response_code,
            )
        });
        assert_eq!(fields, [Ok((true, false, true, Some(403)))]);
    }
}

#[test]
fn log_entries_in_messages_and_tables() {
    let expected = "GCP.AuditLog c p l data_access get jane";
    let encoded = STANDARD.encode(gke().to_string());
    for message in [
        json!({"message": {"data": encoded, "messageId": "1"}, "subscription": "s"}),
        json!({"ackId": "a", "message": {"data": encoded}}),
        json!({"data": encoded}),
    ] {
        assert_eq!(words(&message.to_string()), [expected]);
    }
    let entry = gke();
    let mut payload = entry["protoPayload"].clone();
    payload["requestJson"] = json!("{\"kind\":\"Secret\"}");
    payload["statuscode"] = json!("7");
    payload.as_object_mut().unwrap().remove("status");
    let mut row = entry.clone();
    row.as_object_mut().unwrap().remove("protoPayload");
    row["protopayload_auditlog"] = payload;
    row["timestamp"] = json!("2024-02-13 12:45:06.073905 UTC");
    row["labels"] = json!({"authorization_k8s_io_decision": "forbid"});
    assert_eq!(words(&row.to_string()), [expected]);
    let fields = decode(&row.to_string(), |event| {
        (
            event.response_code,
            event.authz_decision.as_deref() == Some("forbid"),
            event.request_object.is_some(),
        )
    });
    assert_eq!(fields, [Ok((Some(403), true, true))]);
    let lower = row.to_string();
    let names = [
        "insertId",
        "logName",
        "serviceName",
        "methodName",
        "resourceName",
        "authenticationInfo",
        "principalEmail",
    ];
    let lower = names.iter().fold(lower, |text, name| {
        text.replace(&format!("\"{name}\":"), &format!("\"{}\":", name.to_ascii_lowercase()))
    });
    assert!(lower.contains("\"principalemail\":"));
    assert_eq!(words(&lower), [expected]);
    let sentinel = json!({
        "TimeGenerated": "2024-02-13T12:45:06.073905Z", "InsertId": "i", "logName": entry["logName"],
        "Resource": entry["resource"].to_string(), "Labels": entry["labels"].to_string(),
        "Operation": entry["operation"].to_string(), "ProtoPayload": entry["protoPayload"].to_string()
    });
    assert_eq!(words(&sentinel.to_string()), [expected]);
    assert!(reject(&json!({"ProtoPayload": "x"}).to_string()).starts_with("not-audit"));
}

#[test]
fn shippers_and_prefixes() {
    let text = event().to_string();
    for wrapped in [
        json!({"log": text, "stream": "stdout"}),
        json!({"log": event(), "kubernetes": {"pod_name": "p"}}),
        json!({"@timestamp": "2026-11-22T10:00:01Z", "message": text}),
        json!({"@timestamp": "2026-11-22T10:00:01Z", "kubernetes": {"audit": event()}}),
        json!({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}),
    ] {
        assert_eq!(words(&wrapped.to_string()), [BARE], "{wrapped}");
    }
    for line in [
        format!("ip-10-0-1-2.ec2.internal {text}"),
        format!("2026-11-22T10:00:01.123456789Z stdout F {text}"),
        format!("<14>1 2026-11-22T10:00:01Z host kube-apiserver 1 - - {text}"),
    ] {
        assert_eq!(words(&line), [BARE], "{line}");
    }
    let part = &text[..text.find("\"responseStatus").unwrap()];
    assert_eq!(decode(&format!("2026-11-22T10:00:01Z stdout P {part}"), |event| event.salvaged), [Ok(true)]);
    assert_eq!(
        decode(&json!({"time": "2026-11-22T10:00:01Z", "log": part}).to_string(), |event| event.salvaged),
        [Ok(true)]
    );
    assert!(reject("words {\"a\":1}").starts_with("not-audit"));
    assert!(reject("x\":1,\"y\":{\"a\":1}").starts_with("not-json"));
    assert!(reject(&json!({"message": "hello"}).to_string()).starts_with("not-audit"));
    for version in ["v1alpha1", "v1beta1"] {
        assert_eq!(words(&with(json!({"apiVersion": format!("audit.k8s.io/{version}")}))), [BARE]);
    }
}

/// The event before what a cut leaves of it, which has no time.
fn head() -> String {
    let text = event().to_string();
    text[..text.find("\"responseStatus").unwrap()].to_owned()
}

/// The times of what a record holds.
fn times(record: &Value) -> Vec<Outcome<i64>> {
    decode(&record.to_string(), |event| event.event_time)
}

#[test]
fn results_of_splunk() {
    let text = event().to_string();
    for record in [
        json!({"_raw": text, "_time": "2026-11-22T10:00:01.500+0000", "host": "h"}),
        json!({"preview": false, "offset": 0, "result": {"_raw": text}}),
        json!({"preview": false, "init_offset": 0, "fields": [{"name": "_raw"}], "results": [{"_raw": text}]}),
        json!({"results": [{"_raw": text}]}),
        json!({"_raw": json!({"log": text}).to_string()}),
    ] {
        assert_eq!(words(&record.to_string()), [BARE], "{record}");
    }
    for time in
        ["2026-11-22T11:00:01.500+0100", "2026-11-22 10:00:01.500 UTC", "1795341601.500", "1795341601500"]
    {
        assert_eq!(times(&json!({"_raw": head(), "_time": time})), [Ok(1_795_341_601_500_000)], "{time}");
    }
    // With what Splunk took out of the event, which is less than the event.
    let mut row = json!({"auditID": "a-1", "kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "get"});
    row["requestReceivedTimestamp"] = event()["requestReceivedTimestamp"].clone();
    row["_raw"] = text.clone().into();
    for record in [row.clone(), json!({"results": [row.clone()]}), json!({"preview": false, "result": row})] {
        assert_eq!(words(&record.to_string()), [BARE], "{record}");
        let records = [event().to_string(), record.to_string()].join("\n");
        assert_eq!(words(&records), [BARE, BARE], "{record}");
    }
    // Of a zone by its name only those near the place know the offset.
    assert!(
        reject(&json!({"_raw": head(), "_time": "2026-11-22 11:00:01.500 CET"}).to_string())
            .starts_with("cut")
    );
    assert_eq!(words("{\"preview\":false,\"lastrow\":true}"), ["other splunk:no-result"]);
    let outcomes = words(
        &json!({"results": [{"_raw": "words"}, {"count": "7"}, {"_raw": text}], "preview": false})
            .to_string(),
    );
    assert!(outcomes[0].starts_with("not-json") && outcomes[1].starts_with("not-audit"), "{outcomes:?}");
    assert_eq!(outcomes[2..], [BARE]);
    assert!(reject("{\"_raw\":7}").starts_with("not-audit"));
    assert!(reject("{\"preview\":false,\"results\":7}").starts_with("not-audit"));
}

#[test]
fn documents_of_elasticsearch() {
    let text = event().to_string();
    let hit = |source: Value| json!({"_index": "i", "_id": "1", "_source": source});
    let file = json!({"offset": 0, "file": {"path": "/var/log/audit.log"}});
    for source in [
        event(),
        json!({"@timestamp": "2026-11-22T10:00:01Z", "message": text, "log": file}),
        json!({"kubernetes": {"audit": event()}, "log": file}),
        json!({"event": {"original": text, "dataset": "d"}, "message": "words"}),
        json!({"event.original": text, "event": {"kind": "event"}}),
        json!({"log": event(), "kubernetes": {"pod_name": "p"}}),
    ] {
        assert_eq!(words(&hit(source.clone()).to_string()), [BARE], "{source}");
        let hits = json!({"total": {"value": 2}, "hits": [hit(source.clone()), hit(source)]});
        for answer in [
            json!({"took": 1, "hits": hits, "timed_out": false}),
            json!({"took": 1, "responses": [{"hits": hits, "status": 200}]}),
            hits,
        ] {
            assert_eq!(words(&answer.to_string()), [BARE, BARE], "{answer}");
        }
    }
    assert_eq!(words(&json!({"_source": text}).to_string()), [BARE]);
    let cut = hit(json!({"@timestamp": "2026-11-22T10:00:01.500Z", "message": head()}));
    assert_eq!(times(&cut), [Ok(1_795_341_601_500_000)]);
    for other in [hit(json!({"message": "words"})), hit(json!(7)), json!({"took": 1, "hits": {"total": 0}})] {
        assert!(reject(&other.to_string()).starts_with("not-audit"), "{other}");
    }
}

#[test]
fn lines_of_loki() {
    let text = event().to_string();
    let of_cluster = "Kubernetes.Audit prod - - - get jane \"j\"";
    let stream = |values: Value| json!({"stream": {"cluster": "prod"}, "values": values});
    let lines = json!([["1795341601500000000", text], ["1795341601500000000", text, {"trace": "t"}]]);
    for answer in [
        json!({"status": "success", "data": {"resultType": "streams", "result": [stream(lines.clone())]}}),
        json!({"resultType": "streams", "result": [stream(lines.clone())]}),
        json!({"streams": [stream(lines.clone())]}),
        stream(lines),
    ] {
        assert_eq!(words(&answer.to_string()), [of_cluster, of_cluster], "{answer}");
    }
    let row =
        |time: &str, line: &str| json!({"labels": {"cluster": "prod"}, "timestamp": time, "line": line});
    assert_eq!(words(&row("2026-11-22T10:00:01Z", &text).to_string()), [of_cluster]);
    for (line, expected) in [
        (format!("2026-11-22T10:00:01Z {{cluster=\"prod\", job=\"a}}b\"}} {text}"), of_cluster),
        (format!("2026-11-22T11:00:01+01:00 {{job=\"a\"}}   {text}"), BARE),
        (format!("2026-11-22T10:00:01Z {{}} {text}"), BARE),
        ("2026-11-22T10:00:01Z {a=\"b\"} I0619 08:07:21.502238       1 a.go:1] x".to_owned(), "other klog"),
    ] {
        assert_eq!(words(&line), [expected], "{line}");
    }
    let expected = [Ok(1_795_341_601_500_000)];
    assert_eq!(times(&stream(json!([["1795341601500000000", head()]]))), expected);
    assert_eq!(times(&row("2026-11-22T10:00:01.500Z", &head())), expected);
    assert_eq!(
        times(&json!({"line": head(), "Time": "2026-11-22 11:00:01.500", "tsNs": "1795341601500000000"})),
        expected
    );
    let line = format!("2026-11-22T10:00:01.500Z {{}} {}", head());
    assert_eq!(decode(&line, |event| event.event_time), expected);
    // Grafana's time is that of who looked.
    let local = json!({"line": head(), "Time": "2026-11-22 11:00:01.500"}).to_string();
    assert!(reject(&local).starts_with("cut"));
    let odd = stream(json!([["1", text], 7, ["1"], ["1", 7], ["1", {}], ["x", text]]));
    let outcomes = words(&odd.to_string());
    assert_eq!([&outcomes[0], &outcomes[5]], [of_cluster; 2]);
    assert!(outcomes[1..5].iter().all(|outcome| outcome.starts_with("not-")), "{outcomes:?}");
    for other in
        [json!({"status": "success", "data": {"resultType": "vector", "result": 7}}), json!({"line": 7})]
    {
        assert!(reject(&other.to_string()).starts_with("not-audit"), "{other}");
    }
}

#[test]
fn rows_of_messages() {
    let text = event().to_string();
    for (row, expected) in [
        (json!({"timestamp": "1795341601500", "message": text}), "Amazon.EKS.Audit - - - - get jane \"j\""),
        (
            json!({
                "owner": "111122223333", "loggroup": "/aws/eks/prod/cluster", "logstream": "kube-apiserver-audit-1",
                "id": "1", "timestamp": "1795341601500", "message": text
            }),
            EKS,
        ),
        (
            json!({"log_stream": "kube-scheduler-1", "time": "1795341601500", "message": "x"}),
            "other eks:kube-scheduler",
        ),
        (json!({"timestamp": "2026-11-22T10:00:01Z", "message": text}), BARE),
        (json!({"@timestamp": "Nov 22, 2026 @ 10:00:01.500", "host.name": "h", "message": text}), BARE),
    ] {
        assert_eq!(words(&row.to_string()), [expected], "{row}");
    }
    for time in [
        json!({"timestamp": "1795341601500"}),
        json!({"Date": "2026-11-22T10:00:01.500Z"}),
        json!({"date": 1_795_341_601.5}),
    ] {
        let mut row = time;
        row["message"] = head().into();
        assert_eq!(times(&row), [Ok(1_795_341_601_500_000)], "{row}");
    }
    // No zone is told, and not even an order of day and month.
    let kibana = json!({"@timestamp": "Nov 22, 2026 @ 10:00:01.500", "message": head()});
    assert!(reject(&kibana.to_string()).starts_with("cut"));
}

#[test]
fn security_lake_records() {
    let record = json!({
        "activity_id": 2, "class_uid": 6003, "message": "ResponseComplete", "time": 1_795_341_600_223_i64, "start_time": 1_795_341_600_123_i64,
        "metadata": {"log_level": "Metadata", "product": {"name": "Amazon EKS"}, "version": "1.1.0"},
        "api": {"operation": "get", "request": {"uid": "a-1"}, "version": "v1", "response": {"code": 403, "error": "Forbidden"}},
        "http_request": {"url": {"path": "/api/v1/namespaces/n/secrets/s"}, "user_agent": "kubectl"},
        "actor": {"user": {"name": "jane", "uid": "u", "groups": [{"name": "g"}]}, "session": {"uid": "s"}},
        "cloud": {"account": {"uid": "arn:aws:sts::111122223333:assumed-role/r/s"}, "region": "us-east-1"},
        "src_endpoint": {"ip": "1.2.3.4", "intermediate_ips": ["5.6.7.8"]},
        "resources": [{"namespace": "n", "name": "s", "type": "secrets;status"}],
        "unmapped": {"annotations": {"authorization.k8s.io/decision": "forbid"}}
    });
    assert_eq!(words(&record.to_string()), ["Amazon.EKS.Audit - 111122223333 us-east-1 - get jane"]);
    let fields = decode(&record.to_string(), |event| {
        assert_eq!(
            (event.resource.as_deref(), event.subresource.as_deref()),
            (Some("secrets"), Some("status"))
        );
        assert_eq!((event.name.as_deref(), event.namespace.as_deref()), (Some("s"), Some("n")));
        assert_eq!(
            (event.source_ips.join(" "), event.user_groups.join(" ")),
            ("1.2.3.4 5.6.7.8".into(), "g".into())
        );
        assert_eq!(event.authz_decision.as_deref(), Some("forbid"));
        (event.event_time, event.response_code)
    });
    assert_eq!(fields, [Ok((1_795_341_600_123_000, Some(403)))]);
    let mut other = record;
    other["metadata"]["product"]["name"] = json!("CloudTrail");
    assert_eq!(words(&other.to_string()), ["other ocsf:CloudTrail"]);
}

#[test]
fn several_events_in_a_text_each_come_out() {
    let (one, cut) = (event().to_string(), event().to_string()[..420].to_owned());
    let logs = |text: &str| {
        let text = Value::from(text);
        let record = json!({"timeUnixNano": "1795341601500000000", "body": {"stringValue": text}});
        [
            json!({"log": text, "time": "2026-11-22T10:00:01.5Z"}).to_string(),
            aks("kube-audit", text.clone()).to_string(),
            subscription("kube-apiserver-audit-1", &[text.as_str().unwrap().to_owned()]).to_string(),
            json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string(),
            format!("2026-11-22T10:00:01.500Z {}", text.as_str().unwrap()),
        ]
    };
    let kinds = |frame: &str| {
        let outcomes = decode(frame, |event| if event.salvaged { "cut event" } else { "event" }.to_owned());
        let word = |reject: String| reject.split(' ').next().unwrap().to_owned();
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(word)).collect::<Vec<_>>()
    };
    for (text, expected) in [
        (format!("{one}\n{one}\n"), vec!["event", "event"]),
        (format!("{one}{one} {one}"), vec!["event", "event", "event"]),
        (format!("{one}\n{{\"a\":1}}\n{one}\nwords\nwords"), vec!["event", "not-audit", "event", "not-json"]),
        (format!("{one}\n{cut}"), vec!["event", "cut event"]),
        (format!("{one}\n{cut}[Truncated...]"), vec!["event", "cut event"]),
    ] {
        for frame in logs(&text) {
            assert_eq!(kinds(&frame), expected, "{frame}");
        }
    }
    let whole = json!({"time": "2026-11-22T10:00:01.5Z", "log": format!("{one}\n{one}")}).to_string();
    assert_eq!(kinds(&whole[..whole.len() - 200]), ["event", "cut event"]);
}
