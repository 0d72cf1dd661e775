//! What a user sees of each verb, word for word. Changed on purpose: `INSTA_UPDATE=always cargo test`, then
//! read the difference.

use std::process::Stdio;

use crate::evidence::log;
use crate::support::{Run, World};

/// A world with a lake of one log, and a hunt over it.
fn hunted() -> World {
    let world = World::new();
    world.write("audit.log", log());
    world.run(&["ingest", "audit.log"]).expect_code(0);
    world.run(&["hunt"]).expect_code(0);
    world
}

/// The transcript without what differs from run to run.
fn settled(world: &World, run: &Run) -> String {
    let mut text = run.transcript().replace(&world.path("").display().to_string(), "[DIR]/");
    let hunts = std::fs::read_dir(world.path("lake/_kubetrawl/hunts")).into_iter().flatten();
    for (number, hunt) in hunts.enumerate() {
        let id = hunt.expect("an entry").file_name().into_string().expect("UTF-8");
        text = text.replace(&id, &format!("[HUNT {number}]"));
    }
    let lines = text.lines().map(|line| match line.split_whitespace().next() {
        Some(label @ ("seconds" | "bytes")) => format!("{label:<12} [VARIES]"),
        _ => line.trim_end().replace(env!("CARGO_PKG_VERSION"), "[VERSION]"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn seen(world: &World, arguments: &[&str]) -> String {
    settled(world, &world.run(arguments))
}

#[test]
fn ingest_accounts_for_every_record() {
    let world = World::new();
    world.write("logs/audit.log", log() + "not a record\n" + &log());
    world.write("logs/notes.txt", "nothing of interest\n");
    insta::assert_snapshot!("ingest", seen(&world, &["ingest", "logs"]));
    insta::assert_snapshot!("ingest_again", seen(&world, &["ingest", "logs"]));
    insta::assert_snapshot!("ingest_absent", seen(&world, &["ingest", "absent"]));
}

#[test]
fn hunt_fits_the_terminal() {
    let world = hunted();
    for columns in ["80", "120", "200"] {
        let mut command = world.command(&["hunt"]);
        let output = command.env("COLUMNS", columns).stdin(Stdio::null()).output().expect("a run");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        insta::assert_snapshot!(format!("hunt_{columns}"), shown);
    }
    insta::assert_snapshot!("hunt_csv", seen(&world, &["hunt", "--format", "csv"]));
    insta::assert_snapshot!("hunt_nothing", seen(&world, &["hunt", "--threshold", "100"]));
}

#[test]
fn rules_are_listed_shown_and_tested() {
    let world = World::new();
    insta::assert_snapshot!("rules_list", seen(&world, &["rules", "list"]));
    insta::assert_snapshot!("rules_show", seen(&world, &["rules", "show", "kubernetes.bulk_secret_access"]));
    insta::assert_snapshot!("rules_test", seen(&world, &["rules", "test"]));
}

#[test]
fn queries_answer_as_table_csv_and_json() {
    let world = hunted();
    let sql = "SELECT verb, username, count(*) AS requests FROM requests WHERE username = 'ann' GROUP BY ALL ORDER BY ALL";
    for format in ["table", "csv", "json", "ndjson"] {
        insta::assert_snapshot!(format!("query_{format}"), seen(&world, &["query", sql, "--format", format]));
    }
    insta::assert_snapshot!("query_refused", seen(&world, &["query", "DROP TABLE requests"]));
    insta::assert_snapshot!("query_wrong", seen(&world, &["query", "SELECT nothing FROM requests"]));
    insta::assert_snapshot!("query_list", seen(&world, &["query", "--list"]));
}

#[test]
fn the_runbook_answers_step_by_step() {
    let world = hunted();
    let hunt = world.run(&["hunt", "--format", "json"]).expect_code(0).json();
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an alert");
    for step in ["1", "2", "3", "4"] {
        insta::assert_snapshot!(format!("runbook_{step}"), seen(&world, &["runbook", id, "--step", step]));
    }
    insta::assert_snapshot!("runbook_unknown", seen(&world, &["runbook", "ffff"]));
    insta::assert_snapshot!("evidence", seen(&world, &["evidence", id, "--out", "case"]));
}

#[test]
fn every_verb_says_what_it_does() {
    let world = World::new();
    insta::assert_snapshot!("help", seen(&world, &["--help"]));
    let verbs = [
        "ingest",
        "hunt",
        "runbook",
        "evidence",
        "query",
        "hunts",
        "report",
        "rules",
        "simulate",
        "completions",
        "man",
    ];
    for verb in verbs {
        insta::assert_snapshot!(format!("help_{verb}"), seen(&world, &[verb, "--help"]));
    }
}
