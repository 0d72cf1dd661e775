//! The same logs give the same answer, however they came and whoever counts.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::World;

const FORMATS: [&str; 7] = ["table", "csv", "json", "ndjson", "ocsf", "markdown", "html"];

/// The files below a folder, sorted.
fn files(folder: PathBuf) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(self::files(path));
        } else if path.file_name().is_some_and(|name| name != "truth.json") {
            files.push(path.to_str().expect("UTF-8").to_owned());
        }
    }
    files.sort();
    files
}

fn ingest(world: &World, lake: &str, threads: &str, sources: &[String]) {
    let mut arguments = vec!["ingest", "--lake", lake, "--threads", threads];
    arguments.extend(sources.iter().map(String::as_str));
    world.run(&arguments).expect_code(0);
}

/// A hunt's answer and its summary.
fn answer(world: &World, lake: &str, threads: &str, format: &str, more: &[&str]) -> [String; 2] {
    let mut arguments = vec!["hunt", "--lake", lake, "--threads", threads, "--format", format];
    arguments.extend(more);
    let run = world.run(&arguments).expect_code(0);
    // What the page says of ingests is of ingests; its alerts stand before it.
    let page = run.stdout.split("<section aria-labelledby=\"grounds\">").next().unwrap_or_default();
    [page.to_owned(), run.stderr]
}

#[test]
fn threads_order_splits_and_compaction_change_no_answer() {
    let world = World::new();
    let logs = world
        .simulate("logs", &["--seed", "11", "--records", "3000", "--days", "1", "--format", "aks-storage"]);
    let mut sources = files(logs);
    assert!(sources.len() > 10, "{}", sources.len());
    ingest(&world, "once", "1", &sources);
    sources.reverse();
    ingest(&world, "backwards", "4", &sources);
    for part in 0..3 {
        let part: Vec<String> = sources.iter().skip(part).step_by(3).cloned().collect();
        ingest(&world, "split", "2", &part);
    }
    ingest(&world, "compacted", "2", &sources[..sources.len() / 2]);
    ingest(&world, "compacted", "3", &sources[sources.len() / 3..]);
    world.run(&["lake", "compact", "--lake", "compacted"]).expect_code(0);
    let by_address = ["--threshold", "2", "--by", "source_ip,cluster", "--window-mode", "anchored"];
    for more in [&["--threshold", "5"][..], &by_address] {
        let expected = answer(&world, "once", "1", "json", more);
        let json: Value = serde_json::from_str(&expected[0]).expect("JSON");
        assert!(json["alerts"].as_array().is_some_and(|alerts| alerts.len() > 1), "{json}");
        for (lake, threads) in [("once", "4"), ("backwards", "2"), ("split", "3"), ("compacted", "2")] {
            let found = answer(&world, lake, threads, "json", more);
            assert_eq!(found, expected, "{lake} with {threads} threads, {more:?}");
        }
    }
    for format in FORMATS {
        let more = ["--threshold", "14"];
        let expected = answer(&world, "once", "1", format, &more);
        let found = answer(&world, "compacted", "3", format, &more);
        assert_eq!(found, expected, "{format}");
    }
    // What is covered is the same too.
    let covered =
        |lake: &str| world.run(&["coverage", "--lake", lake, "--format", "json"]).expect_code(0).stdout;
    assert_eq!(covered("split"), covered("once"));
    assert_eq!(covered("compacted"), covered("once"));
}
