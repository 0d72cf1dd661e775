//! What is compared with what, a file for each topic; and what several rows work on, made once.

pub mod container;
pub mod growth;
mod heavy;
mod hunt;
mod ingest;
mod raw;
mod start;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{Comparison, run};
use crate::{Bench, opponent};

/// A row's name, and how it is measured; None where what it needs is not on this machine.
pub type Row = (&'static str, fn(&Bench) -> Option<Comparison>);

/// Every row, in the order printed.
pub const ALL: &[Row] = &[
    ("simulate against ingest", ingest::simulate),
    ("ingest", ingest::json_lines),
    ("ingest, 64 gzip files", ingest::gzip),
    ("ingest, against a tenth", ingest::tenth),
    ("hunt warm", hunt::warm),
    ("hunt cold", hunt::cold),
    ("hunt against JSON", hunt::against_json),
    ("runbook", hunt::runbook),
    ("raw to alerts", raw::all_threads),
    ("raw to alerts, 1 thread", raw::one_thread),
    ("start --version", start::version),
    ("start select 1", start::select),
    ("verify dense", heavy::dense),
    ("verify long", heavy::long),
];

fn kubetrawl(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubetrawl"));
    command.args(arguments);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Simulated JSON Lines, made once.
fn json_lines(bench: &Bench) -> PathBuf {
    json_lines_of(bench, bench.records)
}

fn json_lines_of(bench: &Bench, records: u64) -> PathBuf {
    let folder = bench.folder.join(format!("json-lines-{records}"));
    if !folder.exists() {
        let records = records.to_string();
        run(kubetrawl(&["simulate", "--out", text(&folder), "--records", &records, "--days", "30"]));
    }
    folder
}

/// A lake of these, made once and compacted, and the unsorted Parquet that DuckDB writes from them.
fn lake_and_parquet(bench: &Bench) -> (PathBuf, PathBuf) {
    let (lake, parquet) = (bench.folder.join("hunt-lake"), bench.folder.join("hunt-parquet"));
    if !lake.exists() {
        let input = json_lines(bench);
        run(kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]));
        run(kubetrawl(&["lake", "compact", "--lake", text(&lake)]));
        remove_replaced(&lake);
        run(opponent::command(&["ingest.sql"], &[("input", &glob_of(&input)), ("output", &parquet)]));
    }
    (lake, parquet)
}

/// Removes what a compaction replaced, which would go a day later: the opponents read all files of a folder.
fn remove_replaced(lake: &Path) {
    let commit = lake.join("_kubetrawl/commits/00000002.json");
    let Ok(commit) = std::fs::read(commit) else { return };
    let commit: serde_json::Value = serde_json::from_slice(&commit).expect("a commit");
    for path in commit["files_replaced"].as_array().into_iter().flatten() {
        std::fs::remove_file(lake.join(path.as_str().expect("a path"))).expect("a replaced file");
    }
}

/// Its logs, plain or compressed.
fn glob_of(folder: &Path) -> PathBuf {
    folder.join("**/*.log*")
}

fn size_of(folder: &Path) -> u64 {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|e| e.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|m| m.len())
        .sum()
}

fn clear(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("a removable folder");
    }
}
