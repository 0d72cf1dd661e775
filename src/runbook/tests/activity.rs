//! Steps 3 and 4: what else happened, and what must be rotated.

use serde_json::{Value, json};

use super::*;

#[test]
fn step_3_finds_escalation_with_its_technique() {
    let on = |minute: u8, verb: &str, resource: &str, sub: &str| Request {
        subresource: (!sub.is_empty()).then(|| sub.to_owned()),
        ..Request::on(&format!("2026-11-20T10:{minute:02}:00Z"), verb, resource, "x")
    };
    let body = |text: &str| Some(text.to_owned());
    let report = run_on(&[
        Request { impersonated_username: body("admin"), ..on(0, "get", "pods", "") },
        on(1, "create", "serviceaccounts", "token"),
        on(2, "create", "certificatesigningrequests", ""),
        on(3, "update", "certificatesigningrequests", "approval"),
        on(4, "create", "pods", "exec"),
        on(5, "create", "pods", "portforward"),
        on(6, "patch", "pods", "ephemeralcontainers"),
        on(7, "get", "nodes", "proxy"),
        on(8, "create", "mutatingwebhookconfigurations", ""),
        Request {
            request_object: body(
                r#"{"spec":{"hostPID":true,"containers":[{"securityContext":{"privileged":true}}]}}"#,
            ),
            ..on(9, "create", "pods", "")
        },
        Request {
            request_object: body(
                r#"{"spec":{"template":{"spec":{"volumes":[{"hostPath":{"path":"/"}}],"serviceAccountName":"admin"}}}}"#,
            ),
            ..on(10, "create", "daemonsets", "")
        },
        Request {
            request_object: body(r#"{"spec":{"serviceAccountName":"default"}}"#),
            ..on(11, "create", "pods", "")
        },
        on(12, "get", "configmaps", ""),
        Request { username: Some("bob".to_owned()), ..on(13, "create", "pods", "exec") },
        Request { time: "2026-11-19T11:59:59Z".to_owned(), ..on(14, "create", "pods", "attach") },
        Request { time: "2026-11-20T12:10:00Z".to_owned(), ..on(15, "create", "pods", "attach") },
    ]);
    let rows = rows_of(&report, "3_1_escalation");
    assert_eq!(
        rows.iter()
            .map(|r| format!("{} {}", r["technique"].as_str().unwrap(), r["activity"].as_str().unwrap()))
            .collect::<Vec<_>>(),
        [
            "T1078 impersonates admin",
            "T1528 requests a service account token",
            "T1649 requests a client certificate",
            "T1649 approves or signs a certificate request",
            "T1609 exec into a pod",
            "T1572 portforward to a pod",
            "T1609 adds an ephemeral container to a pod",
            "T1609 reaches a kubelet through the node proxy",
            "T1546 create of an admission webhook",
            "T1611 runs a pod with a privileged container, the host's processes",
            "T1611 runs a pod with a host path, the service account admin",
            "T1609 attach into a pod",
        ]
    );
    assert_eq!((&rows[0]["before_crossing"], &rows[11]["before_crossing"]), (&json!(1), &json!(0)));
}

#[test]
fn step_3_finds_role_changes_new_access_denials_and_probing() {
    let binding = r#"{"metadata":{"name":"mine"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]}"#;
    let review = r#"{"spec":{"resourceAttributes":{"verb":"list","resource":"secrets","namespace":"prod"}}}"#;
    let mut requests = vec![
        Request::on("2026-11-10T08:00:00Z", "get", "pods", "a"),
        Request::on("2026-11-20T08:00:00Z", "get", "pods", "b"),
        Request {
            name: None,
            request_object: Some(binding.to_owned()),
            ..Request::on("2026-11-20T09:00:00Z", "create", "clusterrolebindings", "")
        },
        Request {
            name: None,
            request_object: Some(review.to_owned()),
            ..Request::on("2026-11-20T10:00:00Z", "create", "selfsubjectaccessreviews", "")
        },
        prod("2026-11-20T12:00:00Z", "s"),
        Request {
            username: Some("system:anonymous".to_owned()),
            code: Some(403),
            ..prod("2026-11-20T12:05:00Z", "s")
        },
        Request {
            username: Some("system:anonymous".to_owned()),
            source_ip: "10.7.7.7".to_owned(),
            ..prod("2026-11-20T12:05:00Z", "s")
        },
    ];
    for second in 0..10 {
        // Nine denials, broken by a success after the fifth.
        let code = if second == 5 { 200 } else { 403 };
        requests.push(Request {
            code: Some(code),
            ..Request::on(&format!("2026-11-20T11:00:{second:02}Z"), "get", "configmaps", "c")
        });
    }
    let report = run_on(&requests);
    let changes = rows_of(&report, "3_2_role_changes");
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["name"], &changes[0]["role_ref"]),
        (&json!("mine"), &json!("ClusterRole cluster-admin"))
    );
    assert_eq!(changes[0]["before_crossing"], true);
    let unusual = rows_of(&report, "3_3_unusual");
    let pairs: Vec<&Value> =
        unusual.iter().filter(|row| row["kind"] == "resource and verb").map(|row| &row["value"]).collect();
    assert_eq!(
        pairs,
        ["create clusterrolebindings", "create selfsubjectaccessreviews", "get configmaps", "get secrets"]
    );
    assert!(unusual.iter().all(|row| row["history_requests"] == 1), "{unusual:?}");
    let denials = rows_of(&report, "3_4_denials");
    assert_eq!(denials.len(), 1);
    assert_eq!((&denials[0]["requests"], &denials[0]["tried"]), (&json!(5), &json!(["get configmaps"])));
    assert_eq!(rows_of(&report, "3_5_probing")[0]["asked"], "list secrets in prod");
    let anonymous = rows_of(&report, "3_6_anonymous");
    assert_eq!(texts(&anonymous, "source_ip"), ["10.0.0.1"]);
}

#[test]
fn step_3_joins_everything_in_one_timeline() {
    let report = run_on(&[
        Request {
            subresource: Some("exec".to_owned()),
            ..Request::on("2026-11-20T10:00:00Z", "create", "pods", "web")
        },
        Request::on("2026-11-20T10:30:00Z", "get", "pods", "dull"),
        prod("2026-11-20T11:59:58Z", "a"),
        prod("2026-11-20T11:59:59Z", "b"),
        prod("2026-11-20T12:00:00Z", "c"),
        Request { code: Some(403), ..prod("2026-11-20T12:00:01Z", "d") },
    ]);
    let rows = rows_of(&report, "3_7_timeline");
    assert_eq!(
        texts(&rows, "activity"),
        ["exec into a pod", "reads secrets", "reads secrets", "reads secrets"]
    );
    assert_eq!(texts(&rows, "first_object"), ["web", "a", "c", "d"]);
    assert_eq!(
        rows.iter().map(|row| row["before_crossing"].clone()).collect::<Vec<_>>(),
        [true, true, false, false]
    );
    assert_eq!((&rows[1]["distinct_objects"], &rows[1]["technique"]), (&json!(2), &json!("T1552.007")));
}

#[test]
fn step_3s_timeline_joins_what_is_new_and_what_came_from_the_same_address() {
    let report = run_on(&[
        prod("2026-11-10T08:00:00Z", "a"),
        Request {
            username: Some("system:anonymous".to_owned()),
            code: Some(403),
            ..Request::on("2026-11-20T11:50:00Z", "get", "pods", "p")
        },
        prod("2026-11-20T11:59:58Z", "a"),
        Request { source_ip: "10.9.9.9".to_owned(), ..prod("2026-11-20T11:59:59Z", "b") },
        Request { namespace: Some("other".to_owned()), ..prod("2026-11-20T12:00:00Z", "a") },
    ]);
    let rows = rows_of(&report, "3_7_timeline");
    assert_eq!(
        texts(&rows, "activity"),
        [
            "the same address tries without a valid identity",
            "reads secrets",
            "first request from the address 10.9.9.9",
            "reads secrets",
            "first request in the namespace other",
            "reads secrets"
        ]
    );
    assert_eq!(
        texts(&rows, "technique"),
        ["T1078.001", "T1552.007", "T1078", "T1552.007", "T1613", "T1552.007"]
    );
    assert_eq!(texts(&rows, "acting"), ["system:anonymous", "-", "-", "-", "-", "-"]);
    assert_eq!(rows[5]["namespaces"], json!(["other"]));
}

#[test]
fn step_3_finds_refused_requests_once_whatever_their_stages() {
    let refused = |stage: &str, code: Option<i32>| Request {
        username: Some("bob".to_owned()),
        code,
        stage: stage.to_owned(),
        audit_id: Some("one".to_owned()),
        ..Request::on("2026-11-20T11:40:00Z", "get", "pods", "p")
    };
    let bob = |code: i32, source_ip: &str| Request {
        source_ip: source_ip.to_owned(),
        audit_id: None,
        ..refused("ResponseComplete", Some(code))
    };
    let report = run_on(&[
        refused("RequestReceived", None),
        refused("ResponseStarted", Some(401)),
        refused("ResponseComplete", Some(401)),
        bob(200, "10.0.0.1"),
        bob(403, "10.0.0.1"),
        bob(401, "10.7.7.7"),
        Request { username: None, ..Request::on("2026-11-20T11:45:00Z", "get", "pods", "p") },
        prod("2026-11-20T12:00:00Z", "a"),
    ]);
    let anonymous = rows_of(&report, "3_6_anonymous");
    assert_eq!(texts(&anonymous, "username"), ["bob", "-"]);
    assert_eq!((&anonymous[0]["requests"], &anonymous[1]["requests"]), (&json!(1), &json!(1)));
    let timeline = rows_of(&report, "3_7_timeline");
    assert_eq!(texts(&timeline, "acting"), ["bob", "<UNKNOWN_USER>", "-"]);
    assert_eq!(timeline[0]["requests"], 1);
}

#[test]
fn step_3_tells_what_a_bound_role_grants() {
    let rules = r#"{"metadata":{"name":"reader"},"rules":[{"verbs":["*"],"resources":["secrets"]}]}"#;
    let binding =
        r#"{"metadata":{"name":"mine"},"roleRef":{"kind":"ClusterRole","name":"reader"},"subjects":[]}"#;
    let change = |time: &str, who: &str, resource: &str, body: &str| Request {
        username: Some(who.to_owned()),
        name: None,
        namespace: None,
        request_object: Some(body.to_owned()),
        ..Request::on(time, "create", resource, "")
    };
    let report = run_on(&[
        change("2026-11-01T08:00:00Z", "admin", "clusterroles", rules),
        change("2026-11-20T09:00:00Z", "eve", "clusterrolebindings", binding),
    ]);
    let row = &rows_of(&report, "3_2_role_changes")[0];
    assert_eq!((&row["name"], &row["role_ref"]), (&json!("mine"), &json!("ClusterRole reader")));
    assert_eq!(row["rules"], r#"[{"verbs":["*"],"resources":["secrets"]}]"#);
}

/// As `kubectl patch --type=json` sends it.
#[test]
fn step_3_reads_json_patches() {
    let patch = |minute: u8, resource: &str, body: &str| Request {
        request_object: Some(body.to_owned()),
        ..Request::on(&format!("2026-11-20T09:{minute:02}:00Z"), "patch", resource, "x")
    };
    let report = run_on(&[
        patch(
            0,
            "deployments",
            r#"[{"op":"add","path":"/spec/template/spec/containers/0/securityContext/privileged","value":true}]"#,
        ),
        patch(
            1,
            "deployments",
            r#"[{"value":{"path":"/"},"op":"add","path":"/spec/template/spec/volumes/0/hostPath"}]"#,
        ),
        patch(
            2,
            "deployments",
            r#"[{"op":"replace","path":"/spec/template/spec/serviceAccountName","value":"admin"}]"#,
        ),
        patch(
            3,
            "deployments",
            r#"[{"op":"add","path":"/spec/hostPID","value":false},{"op":"add","path":"/spec/x","value":true}]"#,
        ),
        patch(4, "deployments", r#"{"spec":{"template":{"spec":{"hostN\u0065twork": true}}}}"#),
        patch(
            5,
            "clusterrolebindings",
            r#"[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"mallory"}}]"#,
        ),
    ]);
    assert_eq!(
        texts(&rows_of(&report, "3_1_escalation"), "activity"),
        [
            "runs a pod with a privileged container",
            "runs a pod with a host path",
            "runs a pod with the service account admin",
            "runs a pod with the host's network",
            "patch of clusterrolebindings",
        ]
    );
    let change = &rows_of(&report, "3_2_role_changes")[0];
    assert!(change["subjects"].as_str().is_some_and(|subjects| subjects.contains("mallory")), "{change:?}");
    assert_eq!((&change["role_ref"], &change["body_not_logged"]), (&Value::Null, &json!(false)));
}

#[test]
fn step_4_names_what_was_read_and_what_a_list_returned() {
    let create = |time: &str, name: &str| Request {
        username: Some("admin".to_owned()),
        verb: "create".to_owned(),
        ..prod(time, name)
    };
    let report = run_on(&[
        create("2026-11-01T08:00:00Z", "standing"),
        create("2026-11-01T08:00:00Z", "deleted"),
        Request { verb: "delete".to_owned(), ..create("2026-11-02T08:00:00Z", "deleted") },
        create("2026-11-01T08:00:00Z", "made-again"),
        Request { verb: "delete".to_owned(), ..create("2026-11-02T08:00:00Z", "made-again") },
        create("2026-11-03T08:00:00Z", "made-again"),
        create("2026-11-20T12:20:00Z", "made-later"),
        Request { cluster: Some("test".to_owned()), ..create("2026-11-01T08:00:00Z", "elsewhere") },
        prod("2026-11-20T11:50:00Z", "read"),
        Request { code: Some(403), ..prod("2026-11-20T11:51:00Z", "denied") },
        Request { namespace: None, ..Request::at("2026-11-20T12:00:00Z", "list") },
    ]);
    let rows = rows_of(&report, "4_1_rotate");
    assert_eq!(texts(&rows, "secret"), ["made-again", "read", "standing"]);
    assert_eq!(
        texts(&rows, "how"),
        ["listed with the whole cluster", "read", "listed with the whole cluster"]
    );
    assert_eq!(texts(&rows_of(&report, "4_2_unlisted"), "scope"), ["cluster"]);
}

#[test]
fn records_without_a_username_have_a_runbook() {
    let lake = TestLake::new(&[
        Request { username: None, ..prod("2026-11-20T12:00:00Z", "a") },
        prod("2026-11-20T12:00:00Z", "of-eve"),
    ]);
    let report = report(&lake.engine(), &Subject { username: None, user_agents: None, ..eve() });
    assert_eq!(texts(&rows_of(&report, "1_1_secrets"), "secret"), ["a"]);
    assert_eq!(texts(&rows_of(&report, "4_1_rotate"), "secret"), ["a"]);
}
