//! What is compared with what.

use std::path::{Path, PathBuf};
use std::process::Command;

use kubetrawl::cancel::Cancel;
use kubetrawl::simulate::{self, Format, SimulateOptions, Simulated};

use crate::measure::{Comparison, run};
use crate::{Bench, opponent};

/// A row's name, and how it is measured.
pub type Row = (&'static str, fn(&Bench) -> Comparison);

/// Every row, in the order printed.
pub const ALL: &[Row] = &[("simulate against ingest", simulate_logs), ("ingest", ingest), ("hunt", hunt)];

/// How the rows of [`container`] are named, before the container.
pub const CONTAINER: &str = "container";

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
fn simulate_logs(bench: &Bench) -> Comparison {
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

/// The same events in a container, against JSON Lines, as records a second for each byte of the records themselves: 1 where the
/// wrapping costs nothing. A fifth of the records is used, as there are many rows.
pub fn container(bench: &Bench, format: Format) -> Comparison {
    let records = (bench.records / 5).max(10_000);
    let plain = simulated(bench, Format::KubeApiserver, records);
    let wrapped = simulated(bench, format, records);
    let lake = bench.folder.join("lake");
    let mut comparison = Comparison::alternate(
        bench.runs,
        || clear(&lake),
        || kubetrawl(&["ingest", text(&wrapped.folder), "--lake", text(&lake)]),
        || kubetrawl(&["ingest", text(&plain.folder), "--lake", text(&lake)]),
    );
    comparison.scale = wrapped.made.inner as f64 / plain.made.inner as f64;
    comparison.note = format!(
        "{} records, {:.0} MB of {:.0} MB are the records themselves",
        wrapped.made.records,
        wrapped.made.inner as f64 / 1e6,
        wrapped.made.bytes as f64 / 1e6
    );
    clear(&wrapped.folder);
    clear(&plain.folder);
    comparison
}

struct Logs {
    folder: PathBuf,
    made: Simulated,
}

fn simulated(bench: &Bench, format: Format, records: u64) -> Logs {
    let side = if format == Format::KubeApiserver { "plain" } else { "wrapped" };
    let folder = bench.folder.join(side);
    clear(&folder);
    let options = SimulateOptions {
        out: folder.clone(),
        truth: None,
        format,
        days: 2,
        records,
        seed: 1,
        cluster: "prod-1".to_owned(),
        start: 1_793_491_200_000_000,
        compress: false,
        cut: None,
    };
    let made = simulate::run(&options, &Cancel::default()).expect("simulated logs");
    Logs { folder, made }
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
