//! Steps 1 and 2: what was read, and whether that is legitimate.

use serde_json::{Value, json};

use super::*;

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

/// Older API servers log none: nothing tells that it is another client.
#[test]
fn a_request_without_a_user_agent_is_the_alerts_own() {
    let agentless = |time: &str, name: &str| Request { user_agent: String::new(), ..prod(time, name) };
    let list = Request { name: None, verb: "list".to_owned(), ..agentless("2026-11-20T12:02:00Z", "") };
    let report = run_on(&[agentless("2026-11-20T12:00:00Z", "db"), list]);
    assert_eq!(texts(&rows_of(&report, "1_1_secrets"), "secret"), ["db"]);
    assert_eq!(rows_of(&report, "1_2_lists")[0]["from_alert_agents"], true);
    assert!(rows_of(&report, "1_3_other_agents").is_empty());
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
fn step_2_finds_a_binding_that_was_made_with_its_name_in_the_body() {
    let reason = r#"RBAC: allowed by ClusterRoleBinding "mine" of ClusterRole "reader" to User "eve""#;
    let report = run_on(&[
        Request {
            username: Some("mallory".to_owned()),
            name: None,
            namespace: None,
            request_object: Some(r#"{"metadata":{"name":"mine"}}"#.to_owned()),
            ..Request::on("2026-11-20T09:00:00Z", "create", "clusterrolebindings", "")
        },
        Request { authz_reason: Some(reason.to_owned()), ..prod("2026-11-20T12:00:00Z", "a") },
    ]);
    let row = &rows_of(&report, "2_2_authorization")[0];
    assert_eq!((&row["binding_changed_by"], &row["binding_change"]), (&json!("mallory"), &json!("create")));
    let signs = rows_of(&report, "2_7_signs");
    let sign =
        signs.iter().find(|row| row["sign"].as_str().unwrap().starts_with("changes in the past")).unwrap();
    assert_eq!((&sign["points_to"], &sign["number"]), (&json!("attack"), &json!(1)));
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

    let unknown = run_on(&[
        Request { username: Some("bob".to_owned()), ..prod("2026-11-01T08:00:00Z", "a") },
        prod("2026-11-20T12:00:00Z", "a"),
    ]);
    assert_eq!(sign(&unknown, "secrets the user never read")["points_to"], "nothing");
    assert_eq!(sign(&unknown, "earlier days on which the user was seen")["points_to"], "attack");

    let short = run_on(&[prod("2026-11-18T08:00:00Z", "a"), prod("2026-11-20T12:00:00Z", "b")]);
    let new = sign(&short, "secrets the user never read");
    assert_eq!((&new["points_to"], &new["number"]), (&json!("nothing"), &json!(1)), "two days prove little");

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
    let heavy = sign(&seasoned, "earlier days on which the user read");
    assert_eq!(
        (&heavy["points_to"], &heavy["number"], &heavy["out_of"]),
        (&json!("routine"), &json!(9), &json!(9))
    );
}
