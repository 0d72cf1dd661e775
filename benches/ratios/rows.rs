//! What is compared with what.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{Comparison, run};
use crate::{Bench, opponent};

/// A row's name, and how it is measured.
pub type Row = (&'static str, fn(&Bench) -> Comparison);

/// Every row, in the order printed.
pub const ALL: &[Row] = &[("simulate against ingest", simulate), ("ingest", ingest), ("hunt", hunt)];

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
    let folder = bench.folder.join("json-lines");
    if !folder.exists() {
        let records = bench.records.to_string();
        run(kubetrawl(&["simulate", "--out", text(&folder), "--records", &records, "--days", "30"]));
    }
    folder
}

fn glob_of(folder: &Path) -> PathBuf {
    folder.join("**/*.log")
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

/// Writing the logs that every row stands on, against ingesting them: it must not be what is measured.
fn simulate(bench: &Bench) -> Comparison {
    let (input, out, lake) = (json_lines(bench), bench.folder.join("simulated"), bench.folder.join("lake"));
    let records = bench.records.to_string();
    Comparison::alternate(
        bench.runs,
        || {
            clear(&out);
            clear(&lake);
        },
        || kubetrawl(&["simulate", "--out", text(&out), "--records", &records, "--days", "30"]),
        || kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]),
    )
}

/// JSON Lines to the lake, against DuckDB's typed read_json to zstd Parquet.
fn ingest(bench: &Bench) -> Comparison {
    let input = json_lines(bench);
    let (lake, parquet) = (bench.folder.join("lake"), bench.folder.join("parquet"));
    let mut comparison = Comparison::alternate(
        bench.runs,
        || {
            clear(&lake);
            clear(&parquet);
        },
        || kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]),
        || opponent::command("ingest.sql", &[("input", &glob_of(&input)), ("output", &parquet)]),
    );
    // The last pair left only the opponent's output behind.
    run(kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]));
    comparison.note = format!(
        "{} MB in; lake {:.1} MB, DuckDB's Parquet {:.1} MB",
        size_of(&input) / 1_000_000,
        size_of(&lake) as f64 / 1e6,
        size_of(&parquet) as f64 / 1e6
    );
    comparison
}

/// A hunt on the lake, against the same question asked of the unsorted Parquet that DuckDB wrote.
fn hunt(bench: &Bench) -> Comparison {
    let input = json_lines(bench);
    let (lake, parquet) = (bench.folder.join("hunt-lake"), bench.folder.join("hunt-parquet"));
    if !lake.exists() {
        run(kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]));
        run(opponent::command("ingest.sql", &[("input", &glob_of(&input)), ("output", &parquet)]));
    }
    let files = parquet.join("*.parquet");
    Comparison::alternate(
        bench.runs,
        || (),
        || kubetrawl(&["hunt", "--lake", text(&lake), "--format", "json"]),
        || opponent::command("hunt.sql", &[("files", &files)]),
    )
}
