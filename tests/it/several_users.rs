//! Alerts that are grouped by something else than the username: a runbook for each of their users.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::bad_input::event;
use crate::hostile_output::is_neutral;
use crate::support::{Run, World};

/// Reads of four secrets by each of these users, all from one address within a few minutes; none is a record without
/// a username.
fn reads(users: &[Option<&str>]) -> String {
    let read = |(number, user): (usize, &Option<&str>)| {
        let user = user.map_or("{}".to_owned(), |user| serde_json::json!({"username": user}).to_string());
        let lines = (0..4).map(move |n| {
            let secret = u32::try_from(number * 4 + n).expect("a few");
            event(secret).replace(r#"{"username":"ann"}"#, &user) + "\n"
        });
        lines.collect::<String>()
    };
    users.iter().enumerate().map(read).collect()
}

/// A lake of these reads, hunted by address, and the one alert's id.
fn hunted(users: &[Option<&str>]) -> (World, String) {
    let world = World::new();
    world.write("audit.log", reads(users));
    world.run(&["ingest", "audit.log"]).expect_code(0);
    let hunt = world.run(&["hunt", "--by", "source_ip", "--threshold", "8", "--format", "json"]);
    let hunt = hunt.expect_code(0).json();
    assert_eq!(hunt["alerts"].as_array().map(Vec::len), Some(1), "{hunt}");
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an id").to_owned();
    (world, id)
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

const FEW: [Option<&str>; 3] = [Some("ann"), Some("ben"), None];

#[test]
fn a_runbook_of_an_alert_is_that_of_each_of_its_users() {
    let (world, id) = hunted(&FEW);
    let hunt = world.run(&["hunt", "--by", "source_ip", "--threshold", "8", "--format", "json"]).json();
    assert_eq!(hunt["alerts"][0]["group"]["usernames"], serde_json::json!(["ann", "ben", null]));
    let table = world.run(&["runbook", &id, "--step", "1"]).expect_code(0);
    let titles: Vec<&str> = table.stdout.lines().filter(|line| line.contains("Enumeration by")).collect();
    let title = "Kubernetes Secret Enumeration by [10.0.0.1], user";
    assert_eq!(titles, ["[ann]", "[ben]", "[<UNKNOWN_USER>]"].map(|user| format!("{title} {user}")));
    assert_eq!(table.stderr, "");

    let all = lines(&world.run(&["runbook", &id, "--format", "ndjson"]).expect_code(0));
    let mut apart = Vec::new();
    for user in ["ann", "ben", "<UNKNOWN_USER>"] {
        let alone = world.run(&["runbook", &id, "--user", user, "--format", "ndjson"]).expect_code(0);
        apart.extend(lines(&alone));
        let secrets = world.run(&["runbook", &id, "--user", user, "--format", "json"]).expect_code(0).json();
        assert_eq!(secrets["steps"][0]["sections"][0]["rows"].as_array().map(Vec::len), Some(4), "{user}");
    }
    assert_eq!(all, apart);
    assert!(all.iter().any(|line| line.get("username") == Some(&Value::Null)));

    world.run(&["runbook", &id, "--format", "csv", "--output", "csv"]).expect_code(0);
    world.run(&["runbook", &id, "--format", "csv", "--output", "csv"]).expect_code(0);
    let secrets = std::fs::read_to_string(world.path("csv/1_1_secrets.csv")).expect("a file");
    let users: Vec<&str> = secrets.lines().map(|line| line.split(',').next().unwrap_or_default()).collect();
    assert_eq!(users.len(), 13, "{secrets}");
    assert_eq!((users[0], users[1], users[5], users[12]), ("user", "ann", "ben", "<UNKNOWN_USER>"));

    for file in std::fs::read_dir(world.path("csv")).expect("a folder") {
        let path = file.expect("a file").path();
        let mut rows = csv::Reader::from_path(&path).expect("a file");
        let names: Vec<&str> = rows.headers().expect("a header").iter().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", path.display());
    }

    let sql = world.run(&["runbook", &id, "--step", "1", "--sql"]).expect_code(0).stdout;
    assert!(sql.contains("-- 1_1_secrets of ann\n") && sql.contains("-- 1_1_secrets of <UNKNOWN_USER>\n"));
}

#[test]
fn the_runbooks_of_a_hunt_are_those_of_each_user_by_itself() {
    let (world, id) = hunted(&FEW);
    let hunt =
        world.run(&["hunt", "--by", "source_ip", "--threshold", "8", "--format", "ndjson", "--runbook"]);
    let runbooks = lines(&hunt.expect_code(0)).split_off(1);
    assert_eq!(runbooks.len(), FEW.len());
    for (runbook, user) in runbooks.iter().zip(FEW) {
        assert_eq!(runbook["username"].as_str(), user);
        let user = user.unwrap_or("<UNKNOWN_USER>");
        let alone = world.run(&["runbook", &id, "--user", user, "--format", "json"]).expect_code(0).json();
        assert_eq!(alone, *runbook, "{user}");
    }
}

#[test]
fn what_does_not_go_together_and_who_is_not_there_are_named() {
    let (world, id) = hunted(&FEW);
    let told = |arguments: &[&str], code| world.run(arguments).expect_code(code).stderr;
    let stranger = told(&["runbook", &id, "--user", "zoe"], 1);
    assert!(stranger.contains("not of the user zoe, but of ann, ben, <UNKNOWN_USER>"), "{stranger}");
    let document = told(&["runbook", &id, "--format", "json"], 2);
    assert!(document.contains("--user") && document.contains("ndjson"), "{document}");
    let time = "2026-11-01T10:00:00Z";
    told(&["runbook", &id, "--user", "ann", "--at", time], 2);
    told(&["runbook", &id, "--at", time], 2);
    told(&["runbook", "--at", time], 2);
    told(&["runbook", "--user", "ann"], 2);
    told(&["runbook"], 2);
    world.run(&["runbook", "--user", "ann", "--at", time]).expect_code(0);

    let (world, id) = hunted(&[Some("ann"), Some("ann")]);
    let bare = world.run(&["runbook", &id, "--format", "ndjson"]).expect_code(0).stdout;
    assert_eq!(world.run(&["runbook", &id, "--user", "ann", "--format", "ndjson"]).stdout, bare);
    assert!(!bare.contains("\"username\":\"ann\",\"step\""), "{bare}");
    let stranger = world.run(&["runbook", &id, "--user", "ben"]).expect_code(1).stderr;
    assert!(stranger.contains("not of the user ben, but of ann"), "{stranger}");
}

/// As many as are followed, and two more whose names a shell, a terminal or a spreadsheet would obey.
fn many() -> (World, String) {
    let mut users: Vec<Option<&str>> =
        ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"].into_iter().map(Some).collect();
    users.extend([Some("=1+1;\u{1b}[2J<b>"), Some("it's $(touch hit)\u{202e}\n"), Some("~")]);
    hunted(&users)
}

#[test]
fn more_users_than_are_followed_are_named_with_the_command_for_one() {
    let (world, id) = many();
    let run = world.run(&["runbook", &id, "--format", "ndjson"]).expect_code(0);
    let users: BTreeSet<String> = lines(&run).iter().map(|line| line["username"].to_string()).collect();
    assert_eq!(users.len(), 10, "{users:?}");
    assert!(run.stderr.contains("2 of 12 users are left out"), "{}", run.stderr);
    let command = run.stderr.trim_end().rsplit("for one of them: ").next().expect("a command");
    let program = command.replacen("kubetrawl", env!("CARGO_BIN_EXE_kubetrawl"), 1);
    let ran = Command::new("bash").args(["-c", &program]).current_dir(world.path("")).output().expect("bash");
    let shown = String::from_utf8(ran.stdout).expect("UTF-8");
    assert!(ran.status.success() && shown.contains(", user [it's $(touch hit)"), "{command}\n{shown}");
    assert!(!world.path("hit").exists());

    let hunt = ["hunt", "--by", "source_ip", "--threshold", "8", "--runbook"];
    for arguments in
        [&hunt[..], &["runbook", &id], &["runbook", &id, "--sql"], &["runbook", &id, "--user", "x"]]
    {
        let run = world.run(arguments);
        for text in [&run.stdout, &run.stderr] {
            assert!(text.chars().all(is_neutral), "{arguments:?}");
        }
        assert!(
            arguments.contains(&"x") || run.stderr.contains("2 of 12 users are left out"),
            "{}",
            run.stderr
        );
    }
    world.run(&["runbook", &id, "--format", "csv", "--output", "csv"]).expect_code(0);
    let secrets = std::fs::read_to_string(world.path("csv/1_1_secrets.csv")).expect("a file");
    assert!(
        secrets.contains("\n'=1+1;") && secrets.chars().filter(|c| *c != '\r').all(is_neutral),
        "{secrets}"
    );
}

#[test]
fn a_report_has_the_runbook_of_each_user_and_says_who_is_left_out() {
    let (world, id) = many();
    let page = world.run(&["report"]).expect_code(0).stdout;
    assert_eq!(page.matches("<summary><span>The runbook of").count(), 10);
    assert!(page.contains("2 of 12 users are left out") && page.contains(&format!("runbook {id} --user=")));
    let ticket = world.run(&["report", "--format", "markdown"]).expect_code(0).stdout;
    assert_eq!(ticket.matches("\n### Signs for and against: `").count(), 10, "{ticket}");
    assert!(ticket.contains("2 of 12 users are left out"));

    let detailed = ["report", "--format", "csv", "--output", "alerts.csv", "--detail", "details"];
    let run = world.run(&detailed).expect_code(0);
    assert!(run.stderr.contains(&format!("alert {id}: the runbooks of 2 of 12 users")), "{}", run.stderr);
    let mut users = BTreeSet::new();
    let mut rows = csv::Reader::from_path(world.path("details/secrets.csv")).expect("a file");
    let secret =
        rows.headers().expect("a header").iter().position(|name| name == "secret").expect("a column");
    for row in rows.records() {
        let row = row.expect("RFC 4180");
        // Each user has read four secrets, in the order of the users.
        let number: usize = row[secret].trim_start_matches('s').parse().expect("a number");
        assert!(number / 4 > 8 || row[1] == format!("a{}", number / 4), "{row:?}");
        users.insert(row[1].to_owned());
    }
    assert_eq!(users.len(), 10, "{users:?}");
    assert!(users.contains("'=1+1;\\u{1b}[2J<b>"), "{users:?}");
}
