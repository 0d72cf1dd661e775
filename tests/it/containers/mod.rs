//! The containers that logs come in.

// Files in archives, as if they stood alone.
mod archives;
// Small files, each with what must come of it.
mod cases;
// Cut records, in every container that cuts them.
mod cut;
// One log in every container: the same rows and the same alerts.
mod equal;

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::support::World;

/// A row's columns, JSON in them read.
type Row = Map<String, Value>;

/// Every row of a lake by audit id and stage, without where it came from.
fn rows(world: &World, lake: &str) -> BTreeMap<(String, String), Row> {
    let sql = "SELECT * EXCLUDE (source_uri, source_record, source_offset) FROM audit_events ORDER BY audit_id, stage";
    let run = world.run(&["query", sql, "--lake", lake, "--format", "ndjson"]).expect_code(0);
    let row = |line: &str| {
        let mut row: Row = serde_json::from_str(line).expect("a row");
        row.values_mut().for_each(open);
        let key = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{name} in {row:?}")).to_owned();
        ((key("audit_id"), key("stage")), row)
    };
    run.stdout.lines().map(row).collect()
}

/// Reads JSON that a column holds as text: what counts is what it says.
fn open(value: &mut Value) {
    if let Some(text) = value.as_str().filter(|text| text.starts_with(['{', '[']))
        && let Ok(json) = serde_json::from_str(text)
    {
        *value = json;
    }
}

/// Writes a file that nobody writes any more, so that a last line without an end is read.
fn left_alone(world: &World, name: &str, bytes: &[u8]) {
    let file = world.write(name, bytes);
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    File::options().write(true).open(file).and_then(|file| file.set_modified(an_hour_ago)).expect("a time");
}

/// What an alert says, but for where its evidence was found.
fn alerts(world: &World, lake: &str) -> Vec<Value> {
    let hunt = world.run(&["hunt", "--lake", lake, "--format", "json"]).expect_code(0).json();
    let said = [
        "username",
        "crossed_at",
        "first_seen",
        "last_seen",
        "peak_distinct",
        "distinct_secrets",
        "severity",
        "requests",
        "succeeded",
        "denied",
        "failed",
        "verbs",
        "namespaces",
        "cluster_wide_lists",
    ];
    let alerts = hunt["alerts"].as_array().expect("alerts").iter();
    alerts.map(|alert| said.iter().map(|name| (name.to_string(), alert[*name].clone())).collect()).collect()
}
