//! From raw logs to the right users alerted on, as a user runs it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{World, project};

pub const FORMATS: &[&str] =
    &["kube-apiserver", "eks-cloudwatch-export", "aks-storage", "aks-event-hub", "gke-log-entries"];

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("an array");
    list.iter().map(|v| v.as_str().expect("a username").to_string()).collect()
}

fn alerted(hunt: &Value) -> BTreeSet<String> {
    let alerts = hunt["alerts"].as_array().expect("alerts");
    alerts.iter().map(|a| a["username"].as_str().expect("a username").to_string()).collect()
}

fn cluster_wide_listers(hunt: &Value) -> BTreeSet<String> {
    let lists = hunt["summary"]["cluster_wide_lists"].as_array().expect("exposures");
    lists.iter().map(|e| e["username"].as_str().expect("a username").to_string()).collect()
}

fn exposures(truth: &Value) -> BTreeSet<String> {
    let attacks = truth["attacks"].as_array().expect("attacks");
    attacks
        .iter()
        .filter(|a| a["expected"] == "exposure")
        .map(|a| a["username"].as_str().expect("a username").to_string())
        .collect()
}

fn truth(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("truth.json")).expect("JSON")
}

/// Hunts `source` and compares who is alerted on, and who listed everything, with the truth.
fn expect_truth(world: &World, source: &str, truth: &Value) -> Value {
    let hunt = world.run(&["hunt", source, "--format", "json"]).expect_code(0).json();
    assert_eq!(alerted(&hunt), names(&truth["alerted"]), "alerted in {source}");
    assert_eq!(cluster_wide_listers(&hunt), exposures(truth), "cluster-wide lists in {source}");
    hunt
}

#[test]
fn data_gives_exactly_the_users_of_its_truth() {
    let world = World::new();
    let data = project("data");
    let hunt = expect_truth(&world, data.to_str().expect("UTF-8"), &truth(&data.join("truth.json")));
    assert_eq!(hunt["schema"], "kubetrawl/hunt/1");
}

#[test]
fn ten_other_seeds_give_exactly_the_users_of_their_truth() {
    let world = World::new();
    for seed in 101..111 {
        let name = format!("seed-{seed}");
        let format = FORMATS[seed % FORMATS.len()];
        let seed = seed.to_string();
        let out = world
            .simulate(&name, &["--seed", &seed, "--records", "12000", "--days", "2", "--format", format]);
        expect_truth(&world, &name, &truth(&out.join("truth.json")));
    }
}

#[test]
fn fail_on_alert_is_told_from_failure() {
    let world = World::new();
    world.simulate("logs", &["--seed", "3", "--records", "8000", "--days", "1"]);
    world.run(&["hunt", "logs"]).expect_code(0);
    world.run(&["hunt", "logs", "--fail-on-alert"]).expect_code(3);
    world.run(&["hunt", "absent"]).expect_code(1);
    world.run(&["hunt", "logs", "--threshold", "many"]).expect_code(2);
    world.run(&["hunt", "logs", "absent", "--fail-on-alert"]).expect_code(4);
}

#[test]
fn an_empty_lake_is_an_answer() {
    let world = World::new();
    world.write("empty/readme.txt", "nothing of interest\n");
    let hunt = world.run(&["hunt", "empty", "--format", "json"]).expect_code(0).json();
    assert_eq!(hunt["alerts"], serde_json::json!([]));
    assert_eq!(hunt["summary"]["records"], 0);
}

#[test]
fn a_missing_lake_is_an_error_that_says_what_to_do() {
    let world = World::new();
    let run = world.run(&["hunt"]).expect_code(1);
    assert!(run.stderr.contains("ingest into it first"), "{}", run.stderr);
    assert!(run.stdout.is_empty());
}

#[test]
fn a_hunt_over_sources_keeps_nothing_unless_told_where() {
    let world = World::new();
    world.simulate("logs", &["--seed", "3", "--records", "8000", "--days", "1"]);
    let temp = world.path("tmp");
    std::fs::create_dir(&temp).expect("a folder");
    let mut command = world.command(&["hunt", "logs"]);
    let output = command.env("TMPDIR", &temp).env("KUBETRAWL_LAKE", world.path("default")).output();
    assert!(output.expect("a run").status.success());
    assert!(!world.path("default").exists(), "the default lake is ignored");
    assert!(!world.path("lake").exists());
    let left: Vec<_> = std::fs::read_dir(&temp).expect("the folder").collect();
    assert!(left.is_empty(), "a temporary lake was left behind: {left:?}");

    world.run(&["hunt", "logs", "--lake", "kept"]).expect_code(0);
    world.run(&["hunt", "--lake", "kept"]).expect_code(0);
}

#[test]
fn data_goes_to_stdout_or_the_output_file_and_all_else_to_stderr() {
    let world = World::new();
    world.simulate("logs", &["--seed", "3", "--records", "8000", "--days", "1"]);
    for format in ["table", "csv", "json", "ndjson"] {
        let to_stdout = world.run(&["hunt", "logs", "--format", format]).expect_code(0);
        assert!(!to_stdout.stdout.is_empty() && !to_stdout.stderr.is_empty());
        let to_file = world.run(&["hunt", "logs", "--format", format, "--output", "answer"]).expect_code(0);
        assert!(to_file.stdout.is_empty());
        let file = std::fs::read_to_string(world.path("answer")).expect("the output file");
        if format == "json" {
            let without_seconds = |text: &str| -> Value {
                let mut value: Value = serde_json::from_str(text).expect("JSON");
                value.as_object_mut().expect("an object").remove("summary");
                value
            };
            assert_eq!(without_seconds(&file), without_seconds(&to_stdout.stdout));
        } else if format != "table" {
            // A table fits where it goes: a file has no width of its own.
            assert_eq!(file, to_stdout.stdout, "{format}");
        }
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    use std::process::Stdio;
    let world = World::new();
    world.simulate("logs", &["--seed", "3", "--records", "8000", "--days", "1"]);
    let mut command = world.command(&["hunt", "logs", "--format", "ndjson", "--fail-on-alert"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(3), "the answer's, whoever has read it");
    let stderr = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!stderr.contains("broken pipe") && !stderr.contains("panicked"), "{stderr}");
}

/// Spans count back from the newest event that there was.
#[test]
fn an_alert_of_the_last_days_is_found_again_once_the_lake_has_grown() {
    let world = World::new();
    world.write("a.log", crate::evidence::log());
    world.write("b.log", crate::evidence::log().replace("2026-11-01", "2026-12-01").replace("ann", "bob"));
    world.run(&["ingest", "a.log", "--lake", "lake"]).expect_code(0);
    let spans = ["hunt", "--since", "10d", "--until", "1us", "--lake", "lake", "--format", "json"];
    let hunt = world.run(&spans).expect_code(0).json();
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an alert").to_owned();
    world.run(&["ingest", "b.log", "--lake", "lake"]).expect_code(0);
    world.run(&["evidence", &id, "--lake", "lake", "--out", "case"]).expect_code(0);
    let report = world.run(&["report", "--lake", "lake", "--format", "markdown"]).expect_code(0);
    assert_eq!(report.stderr, "");
    let listed = world.run(&["hunts", "--lake", "lake"]).expect_code(0).stdout;
    let hunt = listed.split_whitespace().next().expect("an id");
    let again =
        world.run(&["hunts", "rerun", hunt, "--lake", "lake", "--format", "json"]).expect_code(0).json();
    assert_eq!(again["alerts"][0]["username"], "bob");
}

#[test]
fn what_would_be_passed_over_is_a_usage_error() {
    let world = World::new();
    world.simulate("logs", &["--seed", "3", "--records", "8000", "--days", "1"]);
    world.run(&["ingest", "logs", "--lake", "lake"]).expect_code(0);
    for (arguments, told) in [
        (&["hunt", "--cluster", "c"][..], "SOURCE"),
        (&["hunt", "--strict"], "SOURCE"),
        (&["hunt", "--since", "2026-11-10T11:00:00[Europe/Berlin]"], "no time"),
        (&["coverage", "--since", "2026-11-09", "--until", "2026-11-08"], "--since is not before --until"),
        (&["query", "--list", "--format", "json"], "--format"),
        (&["query", "select 1", "--explain", "--format", "json"], "--format"),
        (&["ingest", "logs", "--watch", "--every", "0s"], "every 100ms"),
    ] {
        let run = world.run(arguments).expect_code(2);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    let mistyped = world.run(&["query", "SELECT $name AS a", "--param", "nmae=1"]).expect_code(1);
    assert!(mistyped.stderr.contains("no parameter nmae: it has name"), "{}", mistyped.stderr);
    world.run(&["query", "SELECT $name AS a", "--param", "name=1"]).expect_code(0);
}

/// A session that breaks off must not leave records behind.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_away_ends_the_work_as_ctrl_c_does() {
    use std::process::{Command, Stdio};
    let world = World::new();
    world.write("logs/a.log", crate::evidence::log());
    let inner = world.command(&["ingest", "logs", "--lake", "lake", "--watch", "--every", "100ms"]);
    // The tests may have been started with nohup, which would be handed on.
    let mut watch = Command::new("env");
    watch.arg("--default-signal=HUP").arg(inner.get_program()).args(inner.get_args());
    watch.current_dir(inner.get_current_dir().expect("the world's folder"));
    let child = watch.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a run");
    let commits = world.path("lake/_kubetrawl/commits/00000001.json");
    for _ in 0..300 {
        if commits.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let hangup = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().expect("kill");
    assert!(hangup.success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The totals are the commits', but for the days on which the span begins and ends.
#[test]
fn a_span_holds_as_many_records_as_a_query_counts() {
    let world = World::new();
    let data = project("data");
    world.run(&["ingest", data.to_str().expect("UTF-8")]).expect_code(0);
    let spans = [
        ("2026-11-02T15:00:00Z", "2026-11-08T03:00:00Z"),
        ("2026-11-07T10:00:00Z", "2026-11-07T10:30:00Z"),
        ("2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z"),
        ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
    ];
    for (since, until) in spans {
        let hunt = ["hunt", "--since", since, "--until", until, "--format", "json"];
        let summary = world.run(&hunt).expect_code(0).json()["summary"].clone();
        let (from, to) = (since.trim_end_matches('Z'), until.trim_end_matches('Z'));
        let query = format!(
            "SELECT count(*) AS records, strftime(min(event_time), '%Y-%m-%dT%H:%M:%S.%fZ') AS first_event, \
             strftime(max(event_time), '%Y-%m-%dT%H:%M:%S.%fZ') AS last_event \
             FROM audit_events WHERE event_time >= '{from}' AND event_time < '{to}'"
        );
        let counted = world.run(&["query", &query, "--format", "json"]).expect_code(0).json();
        for name in ["records", "first_event", "last_event"] {
            assert_eq!(summary[name], counted[0][name], "{name} from {since} until {until}");
        }
    }
}

/// Reads of twenty secrets, half of them by a user and half by none.
fn reads_of_two() -> String {
    let read = |n: usize| {
        let user = if n.is_multiple_of(2) { r#"{"username":"eve"}"# } else { "{}" };
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{n}","stage":"ResponseComplete","requestURI":"/s{n}","verb":"get","user":{user},"objectRef":{{"resource":"secrets","namespace":"n","name":"s{n}"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-02T10:00:{n:02}Z"}}"#
        ) + "\n"
    };
    (0..40).map(read).collect()
}

#[test]
fn runbooks_follow_the_users_of_alerts_whatever_these_are_grouped_by() {
    let world = World::new();
    world.write("audit.log", reads_of_two());
    world.run(&["ingest", "audit.log", "--cluster", "c1", "--lake", "lake"]).expect_code(0);
    for (by, runbooks, alerts) in [("username", 2, 2), ("username,cluster", 2, 2), ("cluster", 2, 1)] {
        let hunt = ["hunt", "--lake", "lake", "--by", by, "--runbook", "--format", "ndjson"];
        let run = world.run(&hunt).expect_code(0);
        let lines: Vec<Value> =
            run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let followed = lines.iter().filter(|line| line["schema"] == "kubetrawl/runbook/1").count();
        assert_eq!((followed, lines.len() - followed), (runbooks, alerts), "{by}: {}", run.stderr);
    }
}
