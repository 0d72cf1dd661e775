use super::*;

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
    for caller in [json!({"principalSubject": "sub"}), json!({"authoritySelector": "sub"})] {
        assert_eq!(
            words(&gke_with(json!({"authenticationInfo": caller}))),
            ["GCP.AuditLog c p l data_access get sub"]
        );
    }
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

/// The list itself is read without a look into its strings.
#[test]
fn half_a_surrogate_in_an_event_of_a_list_costs_nothing() {
    let broken = event().to_string().replace("kubectl", "kubectl\\ud83d");
    let list =
        format!(r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{broken},{}]}}"#, event());
    let agents = decode(&list, |event| event.user_agent.as_deref().map(str::to_owned));
    assert_eq!(agents, [Ok(Some("kubectl\u{fffd}".to_owned())), Ok(Some("kubectl".to_owned()))]);
}
