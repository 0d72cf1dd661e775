//! Each section of the runbook on small lakes, and the printed form against the bound one.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cancel::Cancel;
use crate::engine::Engine;
use crate::query::Gate;
use crate::query::test_lake::{Request, TestLake};
use crate::query::value::read_time;
use crate::report::rows;

const RULE: &str = "Kubernetes.BulkSecretAccess";
const LONG: Duration = Duration::from_secs(60);

/// Eve at noon of the 20th, with a threshold that small histories reach.
fn eve() -> Subject {
    let at = read_time("2026-11-20T12:00:00Z").unwrap();
    let counting = Counting { threshold: 3, ..Counting::default() };
    let user_agents = Some(vec!["kubectl/v1.30".to_owned()]);
    Subject {
        user_agents,
        ..Subject::of_user(RULE, Some("eve".to_owned()), at, counting, Reach::default()).unwrap()
    }
}

fn report(engine: &Engine, subject: &Subject) -> RunbookReport {
    run(engine, &Runbook::of(RULE).unwrap(), subject, LONG, &Cancel::default()).unwrap()
}

/// The rows of a section as objects.
fn rows_of(report: &RunbookReport, section: &str) -> Vec<Value> {
    let sections = report.steps.iter().flat_map(|step| &step.sections);
    let section = sections.into_iter().find(|s| s.name == section).unwrap_or_else(|| panic!("no {section}"));
    let names: Vec<&str> = section.columns.iter().map(|column| column.name.as_str()).collect();
    let object =
        |row: &Vec<Value>| names.iter().zip(row).map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    section.rows.iter().map(|row| Value::Object(object(row))).collect()
}

fn texts(rows: &[Value], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].as_str().unwrap_or("-").to_owned()).collect()
}

fn run_on(requests: &[Request]) -> RunbookReport {
    let lake = TestLake::new(requests);
    report(&lake.engine(), &eve())
}

fn prod(time: &str, name: &str) -> Request {
    Request { namespace: Some("prod".to_owned()), ..Request::get(time, name) }
}

#[test]
fn the_runbook_has_four_steps_and_its_headers_name_their_columns() {
    let report = run_on(&[]);
    assert_eq!(report.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for planned in Runbook::of(RULE).unwrap().steps.iter().flat_map(|step| &step.sections) {
        let file = &planned.file;
        assert!(!file.meaning.is_empty() && file.title != file.name, "{}", file.name);
        let sections = report.steps.iter().flat_map(|step| &step.sections);
        let section = sections.into_iter().find(|section| section.name == file.name).unwrap();
        for (column, _) in &file.columns {
            assert!(section.columns.iter().any(|c| c.name == *column), "{} has no {column}", file.name);
        }
        for parameter in &file.parameters {
            assert!(eve().parameters().contains_key(&parameter.name), "{}: {}", file.name, parameter.name);
        }
        assert!(file.sql.contains("\nORDER BY "), "{}", file.name);
    }
    assert!(Runbook::of("No.SuchRule").is_err());
    assert!(Runbook::of(RULE).unwrap().only(Some(9)).unwrap_err().to_string().contains("1 to 4"));
    assert_eq!(Runbook::of(RULE).unwrap().only(Some(2)).unwrap().steps.len(), 1);
}

#[test]
fn spans_reach_around_the_alert_and_back() {
    let spans = eve().spans;
    assert_eq!(spans.around_from, "2026-11-20T11:30:00.000000Z");
    assert_eq!(spans.around_to, "2026-11-20T12:30:00.000000Z");
    assert_eq!(spans.past_from, "2026-11-19T12:00:00.000000Z");
    assert_eq!(spans.past_to, "2026-11-20T12:30:00.000000Z");
    let reach = Reach { around: Duration::from_secs(u64::MAX), past: Duration::ZERO };
    let at = read_time("2026-11-20T12:00:00Z").unwrap();
    assert!(Subject::of_user(RULE, None, at, Counting::default(), reach).is_err());
}

#[test]
fn step_1_gives_secrets_lists_and_other_agents_within_the_span() {
    let report = run_on(&[
        prod("2026-11-20T11:29:59.999999Z", "too-early"),
        prod("2026-11-20T11:30:00Z", "first"),
        Request { code: Some(403), ..prod("2026-11-20T12:00:00Z", "first") },
        prod("2026-11-20T12:30:00Z", "last"),
        prod("2026-11-20T12:30:00.000001Z", "too-late"),
        Request { username: Some("bob".to_owned()), ..prod("2026-11-20T12:00:00Z", "of-bob") },
        Request { user_agent: "curl/8".to_owned(), ..prod("2026-11-20T12:01:00Z", "by-curl") },
        Request {
            namespace: None,
            uri: "/api/v1/secrets?limit=500&continue=abc&fieldSelector=type%3DOpaque".to_owned(),
            ..Request::at("2026-11-20T12:02:00Z", "list")
        },
        Request { user_agent: "curl/8".to_owned(), ..Request::at("2026-11-20T12:03:00Z", "list") },
    ]);
    let secrets = rows_of(&report, "1_1_secrets");
    assert_eq!(texts(&secrets, "secret"), ["first", "last"]);
    assert_eq!(
        (&secrets[0]["succeeded"], &secrets[0]["denied"], &secrets[0]["verbs"]),
        (&json!(1), &json!(1), &json!(["get"]))
    );
    assert_eq!(secrets[0]["last_seen"], "2026-11-20T12:00:00.000000Z");
    let lists = rows_of(&report, "1_2_lists");
    assert_eq!(texts(&lists, "scope"), ["cluster", "namespace"]);
    assert_eq!(lists[0]["page_limit"], "500");
    assert_eq!(lists[0]["field_selector"], "type=Opaque");
    assert_eq!(
        (&lists[0]["from_alert_agents"], &lists[1]["from_alert_agents"]),
        (&json!(true), &json!(false))
    );
    let others = rows_of(&report, "1_3_other_agents");
    assert_eq!(texts(&others, "secret"), ["by-curl", "-"]);
}

#[test]
fn step_2_tells_what_allowed_it_and_who_changed_that() {
    let reason = r#"RBAC: allowed by RoleBinding "readers/prod" of Role "reader" to User "eve""#;
    let binding = |time: &str, verb: &str, who: &str, namespace: &str| Request {
        username: Some(who.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..Request::on(time, verb, "rolebindings", "readers")
    };
    let report = run_on(&[
        binding("2026-11-01T08:00:00Z", "create", "admin", "prod"),
        binding("2026-11-19T08:00:00Z", "patch", "mallory", "prod"),
        binding("2026-11-20T08:00:00Z", "patch", "nobody", "other"),
        Request { code: Some(403), ..binding("2026-11-20T08:00:00Z", "delete", "refused", "prod") },
        Request { authz_reason: Some(reason.to_owned()), ..prod("2026-11-20T12:00:00Z", "a") },
    ]);
    let row = &rows_of(&report, "2_2_authorization")[0];
    assert_eq!(row["binding"], "readers");
    assert_eq!(row["binding_namespace"], "prod");
    assert_eq!((&row["role_kind"], &row["role"]), (&json!("Role"), &json!("reader")));
    assert_eq!(row["subject"], r#"User "eve""#);
    assert_eq!((&row["binding_changed_by"], &row["binding_change"]), (&json!("mallory"), &json!("patch")));
    assert_eq!(row["role_changed_by"], Value::Null);
}

#[test]
fn step_2_tells_the_history_and_what_is_new() {
    let mut requests =
        vec![Request { username: Some("bob".to_owned()), ..prod("2026-11-10T08:00:00Z", "s0") }];
    for (minute, name) in ["s0", "s1", "s2", "s3"].iter().enumerate() {
        requests.push(prod(&format!("2026-11-18T08:{:02}:00Z", minute * 10), name));
    }
    requests.push(prod("2026-11-19T08:00:00Z", "s0"));
    requests.push(prod("2026-11-20T12:00:00Z", "s0"));
    requests.push(prod("2026-11-20T12:00:01Z", "s9"));
    let report = run_on(&requests);
    let history = &rows_of(&report, "2_3_history")[0];
    assert_eq!(history["history_days"], 11);
    assert_eq!((&history["days_seen"], &history["days_reading_secrets"]), (&json!(2), &json!(2)));
    assert_eq!((&history["days_at_threshold"], &history["highest_day_count"]), (&json!(1), &json!(4)));
    // Four reads ten minutes apart: the window of 30 minutes is closed at both ends.
    assert_eq!(
        (&history["peak_in_window"], &history["peak_at"]),
        (&json!(4), &json!("2026-11-18T08:30:00.000000Z"))
    );
    let new = rows_of(&report, "2_4_new");
    let secrets: Vec<&Value> = new.iter().filter(|row| row["kind"] == "secret").collect();
    assert_eq!((&secrets[0]["value"], &secrets[0]["is_new"]), (&json!("prod/prod/s9"), &json!(true)));
    assert_eq!((&secrets[1]["value"], &secrets[1]["seen_before"]), (&json!("prod/prod/s0"), &json!(2)));
    let readers = rows_of(&report, "2_5_other_readers");
    assert_eq!(texts(&readers, "secret"), ["s9", "s0"]);
    assert_eq!(readers[1]["readers"], json!(["bob"]));
}

#[test]
fn step_2_tells_who_stands_behind_a_shared_name() {
    let session = |name: &str| {
        Some(format!(r#"{{"arn":["arn:aws:sts::1:assumed-role/R/{name}"],"sessionName":["{name}"]}}"#))
    };
    let report = run_on(&[
        Request { user_extra: session("ann"), ..prod("2026-11-20T12:00:00Z", "a") },
        Request { user_extra: session("ben"), ..prod("2026-11-20T12:01:00Z", "b") },
        Request { user_extra: session("ben"), ..prod("2026-11-20T12:02:00Z", "c") },
        Request { user_extra: Some("no json".to_owned()), ..prod("2026-11-20T12:03:00Z", "d") },
    ]);
    let rows = rows_of(&report, "2_6_identity");
    assert_eq!(texts(&rows, "iam_session"), ["ben", "ann", "-"]);
    assert_eq!(rows[0]["iam_arn"], "arn:aws:sts::1:assumed-role/R/ben");
}

#[test]
fn step_2_ends_with_signs_and_without_history_calls_nothing_new() {
    let sign = |report: &RunbookReport, text: &str| {
        let rows = rows_of(report, "2_7_signs");
        rows.into_iter().find(|row| row["sign"].as_str().unwrap().starts_with(text)).unwrap()
    };
    let fresh = run_on(&[prod("2026-11-20T12:00:00Z", "a")]);
    assert_eq!(sign(&fresh, "secrets the user never read")["points_to"], "nothing");
    assert_eq!(sign(&fresh, "days of logs before the alert: too few")["number"], 0);

    let mut requests = vec![Request {
        source_ip: "10.9.9.9".to_owned(),
        code: Some(403),
        ..prod("2026-11-20T12:00:00Z", "new")
    }];
    for day in 1..=9 {
        for name in ["a", "b", "c"] {
            requests.push(prod(&format!("2026-11-{day:02}T08:00:00Z"), name));
        }
    }
    let seasoned = run_on(&requests);
    assert_eq!(sign(&seasoned, "secrets the user never read")["points_to"], "attack");
    assert_eq!(sign(&seasoned, "addresses never seen")["points_to"], "attack");
    assert_eq!(sign(&seasoned, "user agents never seen")["points_to"], "routine");
    assert_eq!(sign(&seasoned, "reads of secrets that were denied")["points_to"], "attack");
    let heavy = sign(&seasoned, "earlier days on which");
    assert_eq!(
        (&heavy["points_to"], &heavy["number"], &heavy["out_of"]),
        (&json!("routine"), &json!(9), &json!(9))
    );
}

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

/// Names as an attacker would choose them against whoever prints SQL.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "$username",
        "$$",
        "$1",
        "--",
        "/*",
        "*/",
        ";",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1b}[31m",
        "\u{202e}",
        "chr(0)",
        "' OR true --",
        "'; DROP VIEW requests; --",
        "E'",
        "U&'",
        "{}",
        "%",
        "_",
        "ünï",
        "漢字",
        "🦀",
        " ",
        "a",
    ]);
    prop_oneof![
        prop::collection::vec(parts, 0..8).prop_map(|parts| parts.concat()),
        any::<String>(),
        (1_000usize..20_000).prop_map(|length| "x'".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_is_printed_passes_the_gate_and_answers_the_same(username in hostile(), agent in hostile(), name in hostile()) {
        let request = |time: &str| Request {
            username: Some(username.clone()),
            user_agent: agent.clone(),
            ..Request::get(time, &name)
        };
        let lake = TestLake::new(&[
            request("2026-11-18T12:00:00Z"),
            request("2026-11-20T12:00:00Z"),
            Request { namespace: None, name: None, ..request("2026-11-20T12:01:00Z") },
            Request { username: Some("other".to_owned()), ..request("2026-11-20T12:02:00Z") },
        ]);
        let (engine, gate) = (lake.engine(), Gate::open().unwrap());
        let subject = Subject { username: Some(username.clone()), user_agents: Some(vec![agent.clone()]), ..eve() };
        let bound = report(&engine, &subject);
        prop_assert_eq!(rows_of(&bound, "1_1_secrets").len(), 1);
        let sections = bound.steps.iter().flat_map(|step| &step.sections);
        for (section, (printed_name, sql)) in sections.zip(sql(&Runbook::of(RULE).unwrap(), &subject)) {
            prop_assert_eq!(&section.name, &printed_name);
            prop_assert_eq!(&section.sql, &sql);
            prop_assert!(!sql.chars().any(|c| c != '\n' && crate::report::escape::is_hidden(c)));
            gate.check(&sql).unwrap();
            let mut printed: Vec<Vec<Value>> = Vec::new();
            crate::query::run(&engine, &sql, &Default::default(), LONG, &Cancel::default(), |batch| {
                printed.extend(rows::values(batch).map(Result::unwrap));
                Ok(())
            }).unwrap();
            prop_assert_eq!(&section.rows, &printed, "{}", sql);
        }
    }
}
