//! The lake to alerts, and an alert to its runbook.

use std::path::Path;

use super::{glob_of, json_lines, kubetrawl, lake_and_parquet, text};
use crate::measure::{Comparison, answer};
use crate::{Bench, cache, opponent};

/// A hunt on the lake, against the same question asked of the unsorted Parquet that DuckDB wrote.
pub fn warm(bench: &Bench) -> Option<Comparison> {
    Some(against_parquet(bench, |_| ()))
}

/// The same with nothing of either in the page cache.
pub fn cold(bench: &Bench) -> Option<Comparison> {
    Some(against_parquet(bench, cache::drop_pages))
}

fn against_parquet(bench: &Bench, prepare: impl Fn(&Path)) -> Comparison {
    let (lake, parquet) = lake_and_parquet(bench);
    let files = parquet.join("**/*.parquet");
    Comparison::alternate(
        bench.runs,
        || {
            prepare(&lake);
            prepare(&parquet);
        },
        || kubetrawl(&["hunt", "--lake", text(&lake), "--format", "json"]),
        || opponent::command(&["parquet.sql", "hunt.sql"], &[("files", &files)]),
    )
}

/// A hunt on the lake, against DuckDB reading the raw JSON; both cold, as logs of months are.
pub fn against_json(bench: &Bench) -> Option<Comparison> {
    let (lake, _) = lake_and_parquet(bench);
    let input = json_lines(bench);
    let files = glob_of(&input);
    Some(Comparison::alternate(
        bench.runs,
        || {
            cache::drop_pages(&lake);
            cache::drop_pages(&input);
        },
        || kubetrawl(&["hunt", "--lake", text(&lake), "--format", "json"]),
        || opponent::command(&["json.sql", "hunt.sql"], &[("input", &files)]),
    ))
}

/// The runbook of the first alert, against one scan of everything in the lake; both cold.
pub fn runbook(bench: &Bench) -> Option<Comparison> {
    let (lake, _) = lake_and_parquet(bench);
    let hunt = answer(kubetrawl(&["hunt", "--lake", text(&lake), "--format", "json"]));
    let alert = hunt["alerts"][0]["alert_id"].as_str().expect("an alert").to_owned();
    let files = lake.join("audit_events/*/*.parquet");
    Some(Comparison::alternate(
        bench.runs,
        || cache::drop_pages(&lake),
        || kubetrawl(&["runbook", &alert, "--lake", text(&lake), "--format", "json"]),
        || opponent::command(&["full_scan.sql"], &[("files", &files)]),
    ))
}
