//! The report of the sample logs in every format, and what its parts say of each other.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{World, project};

/// A lake of the sample logs with one hunt, made once for all tests.
fn hunted() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = World::new();
        let data = project("data");
        world.run(&["hunt", data.to_str().expect("UTF-8"), "--lake", "lake"]).expect_code(0);
        world
    })
}

fn report(format: &str) -> String {
    let text = hunted().run(&["report", "--format", format]).expect_code(0).stdout;
    text.replace(&project("data").display().to_string(), "[DATA]")
        .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

/// The folder of CSV files, made once.
fn details() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        hunted()
            .run(&["report", "--format", "csv", "--detail", "details", "--output", "alerts.csv"])
            .expect_code(0);
        hunted().path("details")
    })
}

fn table(file: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(details().join(file))
        .expect("a CSV file");
    reader.records().map(|record| record.expect("RFC 4180")).collect()
}

/// The JSON with its long lists cut, so that a snapshot can be read.
fn cut(value: &mut Value) {
    match value {
        Value::Array(items) => {
            let all = items.len();
            if all > 4 && !items[0].is_object() {
                items.truncate(3);
                items.push(format!("[{all} in all]").into());
            }
            items.iter_mut().for_each(cut);
        }
        Value::Object(object) => object.values_mut().for_each(cut),
        _ => {}
    }
}

fn cut_lines(text: &str) -> String {
    text.lines()
        .map(|line| {
            let mut value = serde_json::from_str(line).expect("a line of JSON");
            cut(&mut value);
            format!("{value}\n")
        })
        .collect()
}

#[test]
fn each_short_format_of_the_sample_logs_stays_what_it_is() {
    insta::assert_snapshot!("report_table", report("table"));
    insta::assert_snapshot!("report_csv", report("csv"));
    let mut json = serde_json::from_str(&report("json")).expect("JSON");
    cut(&mut json);
    insta::assert_snapshot!("report_json", serde_json::to_string_pretty(&json).expect("JSON"));
    insta::assert_snapshot!("report_ndjson", cut_lines(&report("ndjson")));
    insta::assert_snapshot!("report_ocsf", cut_lines(&report("ocsf")));
}

#[test]
fn the_ticket_of_the_sample_logs_stays_what_it_is() {
    insta::assert_snapshot!("report_markdown", report("markdown"));
}

#[test]
fn the_page_of_the_sample_logs_keeps_its_outline() {
    insta::assert_snapshot!("report_html", outline(&report("html")));
}

/// Headings, captions and tables of a page in their order, each table as its columns and rows.
fn outline(page: &str) -> String {
    let mut outline = String::new();
    let (mut rows, mut heads) = (0, Vec::new());
    for tag in page.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("an ended tag");
        let name = tag.split(' ').next().unwrap_or_default();
        match name {
            "h1" | "h2" | "h3" | "h4" | "figcaption" => write!(outline, "\n{name} ").expect("a string"),
            "summary" => write!(outline, "\n  ").expect("a string"),
            "table" => (rows, heads) = (0, Vec::new()),
            "th" => heads.push(text.to_owned()),
            "tr" => rows += 1,
            "/table" => write!(outline, "\n    {} rows: {}", rows - 1, heads.join(", ")).expect("a string"),
            "script" | "style" => outline.push('\n'),
            _ => {}
        }
        let is_shown =
            ["h1", "h2", "h3", "h4", "figcaption", "summary", "span", "small", "bdi", "/span", "/bdi"]
                .contains(&name);
        let line = outline.rsplit('\n').next().unwrap_or_default();
        if is_shown
            && (line.starts_with('h') || line.starts_with("figcaption") || line.starts_with("  "))
            && !line.starts_with("    ")
        {
            outline.push_str(text.trim_end_matches('\n'));
        }
        if name.starts_with("/h") || name == "/summary" || name == "/figcaption" {
            outline.push('\n');
        }
    }
    let lines = outline.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_folder_of_the_sample_logs_keeps_its_files() {
    let mut text = String::new();
    let mut files: Vec<String> = std::fs::read_dir(details())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    files.sort();
    for file in files {
        let rows = table(&file);
        writeln!(text, "--- {file}, {} rows", rows.len().saturating_sub(1)).expect("a string");
        for row in rows.iter().take(if file == "alerts.csv" { 1 } else { 3 }) {
            writeln!(text, "{}", row.iter().collect::<Vec<_>>().join(",")).expect("a string");
        }
    }
    let text = text.replace(&project("data").display().to_string(), "[DATA]");
    insta::assert_snapshot!("report_detail", text);
}

/// The cells of these columns, row by row.
fn columns(file: &str, wanted: &[&str]) -> Vec<Vec<String>> {
    let rows = table(file);
    let at: Vec<usize> = wanted
        .iter()
        .map(|name| {
            rows[0].iter().position(|head| head == *name).unwrap_or_else(|| panic!("no {name} in {file}"))
        })
        .collect();
    rows[1..].iter().map(|row| at.iter().map(|index| row[*index].to_owned()).collect()).collect()
}

#[test]
fn the_joined_table_holds_what_the_alerts_tables_hold() {
    let place = ["cluster", "namespace", "secret", "how"];
    let joined = columns("rotation.csv", &place[..3]);
    let distinct: BTreeSet<&Vec<String>> = joined.iter().collect();
    assert_eq!(joined.len(), distinct.len(), "a secret stands twice");
    let of_alerts = columns("rotation_by_alert.csv", &place[..3]);
    assert_eq!(distinct, of_alerts.iter().collect());
    let read = |file| -> BTreeSet<Vec<String>> {
        columns(file, &place).into_iter().filter(|row| row[3] == "read").collect()
    };
    assert_eq!(read("rotation.csv"), read("rotation_by_alert.csv"));
}

#[test]
fn a_runbook_is_the_same_by_itself_and_after_a_hunt() {
    let world = hunted();
    let lines =
        world.run(&["hunt", "--lake", "lake", "--format", "ndjson", "--runbook"]).expect_code(0).stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let runbooks: Vec<&Value> = lines.iter().filter(|line| line["schema"] == "kubetrawl/runbook/1").collect();
    assert_eq!(runbooks.len() * 2, lines.len());
    for runbook in runbooks.iter().step_by(6) {
        let id = runbook["alert_id"].as_str().expect("an id");
        let alone = world.run(&["runbook", id, "--format", "json"]).expect_code(0).json();
        assert_eq!(alone, **runbook, "{id}");
    }
}

/// As `head` does.
#[test]
fn a_reader_who_goes_away_is_no_error() {
    for format in ["html", "markdown", "csv", "json"] {
        let mut command = hunted().command(&["report", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !stderr.contains("error"), "{format}: {stderr}");
    }
}

#[test]
fn a_report_says_what_the_lake_no_longer_has() {
    let world = World::new();
    let data = project("data");
    world.run(&["ingest", data.to_str().expect("UTF-8"), "--lake", "lake"]).expect_code(0);
    let hunt = world.run(&["hunt", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    let alert = hunt["alerts"][0]["alert_id"].as_str().expect("an alert");
    let before = world.run(&["report", "--format", "markdown"]).expect_code(0);
    assert!(!before.stderr.contains("no longer gives"), "{}", before.stderr);
    let runbook = || world.run(&["runbook", alert]).expect_code(0).stderr;
    assert_eq!(runbook(), "");
    world.run(&["lake", "drop", "1", "--lake", "lake"]).expect_code(0);
    for arguments in
        [&["report", "--format", "markdown"][..], &["report", "--format", "csv", "--detail", "d"]]
    {
        let after = world.run(arguments).expect_code(0);
        assert!(after.stderr.contains("no longer gives"), "{}", after.stderr);
    }
    let after = runbook();
    assert!(after.contains("may have been dropped since the hunt"), "{after}");
}

#[test]
fn a_hunt_that_cannot_be_read_leaves_the_others() {
    let world = World::new();
    let data = project("data");
    world.run(&["ingest", data.to_str().expect("UTF-8"), "--lake", "lake"]).expect_code(0);
    for _ in 0..2 {
        world.run(&["hunt", "--lake", "lake"]).expect_code(0);
    }
    let listed = world.run(&["hunts"]).expect_code(0).stdout;
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids.len(), 2, "{listed}");
    let alert = world.run(&["hunts", "show", ids[0], "--format", "json"]).expect_code(0).json();
    let alert = alert["alerts"][0]["alert_id"].as_str().expect("an alert").to_owned();
    world.write(&format!("lake/_kubetrawl/hunts/{}/hunt.json", ids[1]), "{");

    let listed = world.run(&["hunts"]).expect_code(4);
    assert!(listed.stdout.starts_with(ids[0]) && listed.stdout.lines().count() == 1, "{}", listed.stdout);
    assert!(listed.stderr.contains(ids[1]), "{}", listed.stderr);
    let runbook = world.run(&["runbook", &alert, "--step", "1"]).expect_code(0);
    assert!(runbook.stderr.contains("passed over") && runbook.stderr.contains(ids[1]), "{}", runbook.stderr);
    world.run(&["evidence", &alert, "--out", "case"]).expect_code(0);
    let none = world.run(&["runbook", "ffffffffffffffff"]).expect_code(1);
    assert!(none.stderr.contains("could not be read") && none.stderr.contains(ids[1]), "{}", none.stderr);
    world.run(&["report"]).expect_code(1);
}
