//! What is compared with what.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use kubetrawl::cancel::Cancel;
use kubetrawl::simulate::{self, Format, SimulateOptions, Simulated};

use crate::measure::{Comparison, run};
use crate::{Bench, opponent};

/// A row's name, and how it is measured.
pub type Row = (&'static str, fn(&Bench) -> Comparison);

/// Every row, in the order printed.
pub const ALL: &[Row] = &[
    ("simulate against ingest", simulate_logs),
    ("ingest", ingest),
    ("ingest, 64 gzip files", ingest_gzip),
    ("ingest, against a tenth", ingest_tenth),
    ("hunt", hunt),
];

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

/// The same records in 64 gzip files, made once, as logs are rotated: one after another.
fn gzip_files(bench: &Bench) -> PathBuf {
    const FILES: usize = 64;
    let folder = bench.folder.join("gzip");
    if folder.exists() {
        return folder;
    }
    std::fs::create_dir(&folder).expect("a new folder");
    let encoder = |number: usize| {
        let path = folder.join(format!("{number:02}.log.gz"));
        let file = BufWriter::new(File::create_new(path).expect("a new file"));
        GzEncoder::new(file, Compression::default())
    };
    let mut encoders: Vec<_> = (0..FILES).map(encoder).collect();
    let share = bench.records.div_ceil(FILES as u64) as usize;
    let mut count = 0;
    for entry in walkdir::WalkDir::new(json_lines(bench)).sort_by_file_name() {
        let entry = entry.expect("a readable folder");
        if entry.path().extension().is_some_and(|extension| extension == "log") {
            let lines = BufReader::new(File::open(entry.path()).expect("a log")).split(b'\n');
            for line in lines {
                let mut line = line.expect("a line");
                line.push(b'\n');
                encoders[(count / share).min(FILES - 1)].write_all(&line).expect("space on the disk");
                count += 1;
            }
        }
    }
    for encoder in encoders {
        encoder.finish().and_then(|mut file| file.flush()).expect("space on the disk");
    }
    folder
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
    ingest_of(bench, &json_lines(bench))
}

/// The same of compressed files.
fn ingest_gzip(bench: &Bench) -> Comparison {
    ingest_of(bench, &gzip_files(bench))
}

/// Ten times the records against the records: what counts is the memory of both.
fn ingest_tenth(bench: &Bench) -> Comparison {
    let (whole, tenth) = (json_lines_of(bench, 10 * bench.records), json_lines(bench));
    let lake = bench.folder.join("lake");
    Comparison::alternate(
        bench.runs,
        || clear(&lake),
        || kubetrawl(&["ingest", text(&whole), "--lake", text(&lake)]),
        || kubetrawl(&["ingest", text(&tenth), "--lake", text(&lake)]),
    )
}

fn ingest_of(bench: &Bench, input: &Path) -> Comparison {
    let (lake, parquet) = (bench.folder.join("lake"), bench.folder.join("parquet"));
    let mut comparison = Comparison::alternate(
        bench.runs,
        || {
            clear(&lake);
            clear(&parquet);
        },
        || kubetrawl(&["ingest", text(input), "--lake", text(&lake)]),
        || opponent::command("ingest.sql", &[("input", &glob_of(input)), ("output", &parquet)]),
    );
    // The last pair left only the opponent's output behind.
    run(kubetrawl(&["ingest", text(input), "--lake", text(&lake)]));
    comparison.note = format!(
        "{} MB in; lake {:.1} MB, DuckDB's Parquet {:.1} MB",
        size_of(input) / 1_000_000,
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
