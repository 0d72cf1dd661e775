//! Cut records, as EKS and AKS cut long ones: what is left counts like any other read of a secret.

use serde_json::Value;

use super::cases::{cases, name};
use super::{alerts, left_alone};
use crate::support::World;

/// Formats of a log service that cuts.
const FORMATS: &[&str] = &[
    "eks-cloudwatch-export",
    "eks-firehose",
    "eks-lambda",
    "eks-kinesis",
    "eks-filter-log-events",
    "eks-get-log-events",
    "eks-insights-json",
    "eks-insights-csv",
    "eks-console-csv",
    "eks-athena-csv",
    "aks-storage",
    "aks-event-hub",
    "aks-event-hub-capture",
    "aks-diagnostics-json",
    "aks-diagnostics-csv",
    "splunk-csv",
    "splunk-json",
    "splunk-results",
];

fn simulated(world: &World, format: &str, options: &[&str]) -> (String, Value) {
    let (logs, lake) = (format!("{format}-{}", options.len()), format!("{format}-{}-lake", options.len()));
    let mut all = vec!["--seed", "7", "--records", "4000", "--days", "1", "--format", format];
    all.extend(options);
    world.simulate(&logs, &all);
    let ingested = world.run(&["ingest", &logs, "--lake", &lake, "--format", "json"]).expect_code(0).json();
    (lake, ingested)
}

fn count(world: &World, lake: &str, what: &str) -> u64 {
    let sql = format!("SELECT count(*) AS n FROM audit_events WHERE {what}");
    let answer = world.run(&["query", &sql, "--lake", lake, "--format", "ndjson"]).expect_code(0);
    answer.json()["n"].as_u64().expect("a count")
}

/// What the head of a cut record says. It has its container's time.
fn without_times(alerts: Vec<Value>) -> Vec<Value> {
    let times = ["crossed_at", "first_seen", "last_seen"];
    let mut alerts = alerts;
    for alert in &mut alerts {
        let alert = alert.as_object_mut().expect("an alert");
        times.iter().for_each(|name| _ = alert.remove(*name));
    }
    alerts.sort_by_key(|alert| alert["username"].to_string());
    alerts
}

#[test]
fn salvaged_reads_count_like_any_other() {
    let world = World::new();
    let (whole, _) = simulated(&world, "kube-apiserver", &[]);
    let expected = without_times(alerts(&world, &whole));
    for format in FORMATS {
        let (lake, ingested) = simulated(&world, format, &["--cut", "4096"]);
        assert_eq!(ingested["rejects"], serde_json::json!({}), "{format}");
        let salvaged = count(&world, &lake, "salvaged AND truncated AND event_time_source = 'container'");
        assert!(salvaged > 300, "{format}: {salvaged}");
        assert_eq!(count(&world, &lake, "salvaged"), salvaged, "{format}");
        assert_eq!(
            count(
                &world,
                &lake,
                "salvaged AND (response_object IS NOT NULL OR name IS NULL AND verb = 'get')"
            ),
            0
        );
        assert_eq!(without_times(alerts(&world, &lake)), expected, "{format}");
    }
}

#[test]
fn lines_that_are_cut_and_have_no_time_are_rejects_with_their_reason() {
    let world = World::new();
    let (_, ingested) = simulated(&world, "kube-apiserver", &["--cut", "4096"]);
    let rejects = ingested["rejects"].as_object().expect("rejects");
    assert!(rejects["cut"].as_u64().expect("a count") > 300 && rejects.len() == 1, "{ingested}");
}

/// The rows of a file, without where they came from.
fn rows_of(name: &str, bytes: &[u8]) -> Vec<Value> {
    let world = World::new();
    left_alone(&world, name, bytes);
    world.run(&["ingest", name, "--lake", "lake"]);
    if !world.path("lake").exists() {
        return Vec::new();
    }
    let sql = "SELECT * EXCLUDE (source_uri, source_record, source_offset, record_id) FROM audit_events";
    let answer = world.run(&["query", sql, "--lake", "lake", "--format", "ndjson"]).expect_code(0).stdout;
    answer.lines().map(|row| serde_json::from_str(row).expect("a row")).collect()
}

#[test]
fn of_a_file_that_was_copied_in_part_a_row_that_is_not_marked_is_whole() {
    let (mut salvaged, mut others) = (0, 0);
    for case in cases() {
        let bytes = std::fs::read(&case).expect("a readable case");
        if std::str::from_utf8(&bytes).is_err() {
            continue;
        }
        let whole = rows_of(name(&case), &bytes);
        for end in [bytes.len() / 3, bytes.len() * 2 / 3, bytes.len().saturating_sub(20)] {
            for row in rows_of(name(&case), &bytes[..end]) {
                if row["salvaged"] == true {
                    salvaged += 1;
                } else {
                    others += 1;
                    assert!(whole.contains(&row), "{} up to byte {end}: {row}", case.display());
                }
            }
        }
    }
    assert!(salvaged > 0 && others > 0, "{salvaged} and {others}");
}
