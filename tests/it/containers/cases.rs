//! Cases as files: `tests/containers/<container>/<case>` is ingested, and what comes of it is compared with
//! `<case>.expected.json` beside it. `tests/containers/README.md` says how to add one.

use std::path::{Path, PathBuf};

use kubetrawl::sources::path_to_uri;
use serde_json::Value;

use super::{left_alone, open};
use crate::bad_input::accounting;
use crate::support::{World, project};

const EXPECTED: &str = ".expected.json";

pub(super) fn cases() -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(project("tests/containers")).sort_by_file_name().min_depth(2);
    let files = files.into_iter().map(|entry| entry.expect("a readable folder"));
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    files.filter(|path| !name(path).ends_with(EXPECTED)).collect()
}

pub(super) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8")
}

/// The differences between what a case gives and what it should give.
fn check(case: &Path) -> Vec<String> {
    let expected = case.with_file_name(format!("{}{EXPECTED}", name(case)));
    let expected = std::fs::read(&expected).unwrap_or_else(|error| panic!("{}: {error}", expected.display()));
    let expected: Value = serde_json::from_slice(&expected).expect("JSON");
    let world = World::new();
    left_alone(&world, name(case), &std::fs::read(case).expect("a readable case"));
    let problems = expected.get("problems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let usual = if problems.is_empty() { 0 } else { 4 };
    // A source of which nothing can be read makes no lake.
    let code = expected.get("exit").and_then(Value::as_i64).map_or(usual, |code| code as i32);
    let report = accounting(&world, &[name(case)], code);
    let mut wrong = unlike(&report["problems"], problems);
    for count in ["rejects", "other", "duplicates"] {
        if report[count] != expected[count] {
            wrong.push(format!("{count} are {}, not {}", report[count], expected[count]));
        }
    }
    if code == 1 {
        return wrong;
    }
    let sql = "SELECT * FROM audit_events ORDER BY source_uri, source_record";
    let run = world.run(&["query", sql, "--lake", "lake", "--format", "ndjson"]).expect_code(0);
    let rows: Vec<Value> = run.stdout.lines().map(|row| serde_json::from_str(row).expect("a row")).collect();
    let wanted = expected["rows"].as_array().expect("rows");
    if rows.len() != wanted.len() {
        wrong.push(format!("{} rows, not {}", rows.len(), wanted.len()));
    }
    for (number, (row, wanted)) in rows.iter().zip(wanted).enumerate() {
        for (column, value) in wanted.as_object().expect("an object") {
            let mut found = row.get(column).cloned().unwrap_or_else(|| panic!("no column {column}"));
            open(&mut found);
            if column == "source_uri" {
                found = in_this_world(&world, &found);
            }
            if found != *value {
                wrong.push(format!("{column} of row {number} is {found}, not {value}"));
            }
        }
    }
    wrong
}

/// A source's URI from the file on.
fn in_this_world(world: &World, uri: &Value) -> Value {
    let uri = uri.as_str().expect("a text");
    uri.strip_prefix(&path_to_uri(&world.path(""))).unwrap_or(uri).into()
}

/// Whether these are the problems that were told: as many, each with its words in the source or the message.
fn unlike(problems: &Value, wanted: &[Value]) -> Vec<String> {
    let told = problems.as_array().expect("problems");
    let holds =
        |(problem, words): (&Value, &Value)| problem.to_string().contains(words.as_str().expect("a text"));
    let same = told.len() == wanted.len() && told.iter().zip(wanted).all(holds);
    (!same).then(|| format!("problems are {problems}, not {wanted:?}")).into_iter().collect()
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let cases = cases();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let case_wrong = check(case);
        wrong.extend(case_wrong.iter().map(|wrong| format!("{}: {wrong}", case.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
