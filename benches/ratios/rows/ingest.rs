//! Logs to the lake.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{clear, glob_of, json_lines as made, json_lines_of, kubetrawl, size_of, text};
use crate::measure::{Comparison, run};
use crate::{Bench, opponent};

/// Writing the logs that every row stands on, against ingesting them: it must not be what is measured.
pub fn simulate(bench: &Bench) -> Option<Comparison> {
    let (input, out, lake) = (made(bench), bench.folder.join("simulated"), bench.folder.join("lake"));
    let records = bench.records.to_string();
    Some(Comparison::alternate(
        bench.runs,
        || {
            clear(&out);
            clear(&lake);
        },
        || kubetrawl(&["simulate", "--out", text(&out), "--records", &records, "--days", "30"]),
        || kubetrawl(&["ingest", text(&input), "--lake", text(&lake)]),
    ))
}

/// JSON Lines to the lake, against DuckDB's typed read_json to zstd Parquet.
pub fn json_lines(bench: &Bench) -> Option<Comparison> {
    Some(of(bench, &made(bench)))
}

/// The same of compressed files.
pub fn gzip(bench: &Bench) -> Option<Comparison> {
    Some(of(bench, &gzip_files(bench)))
}

/// Ten times the records against the records: what counts is the memory of both.
pub fn tenth(bench: &Bench) -> Option<Comparison> {
    let (whole, tenth) = (json_lines_of(bench, 10 * bench.records), made(bench));
    let lake = bench.folder.join("lake");
    Some(Comparison::alternate(
        bench.runs,
        || clear(&lake),
        || kubetrawl(&["ingest", text(&whole), "--lake", text(&lake)]),
        || kubetrawl(&["ingest", text(&tenth), "--lake", text(&lake)]),
    ))
}

fn of(bench: &Bench, input: &Path) -> Comparison {
    let (lake, parquet) = (bench.folder.join("lake"), bench.folder.join("parquet"));
    let mut comparison = Comparison::alternate(
        bench.runs,
        || {
            clear(&lake);
            clear(&parquet);
        },
        || kubetrawl(&["ingest", text(input), "--lake", text(&lake)]),
        || opponent::command(&["ingest.sql"], &[("input", &glob_of(input)), ("output", &parquet)]),
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
    for entry in walkdir::WalkDir::new(made(bench)).sort_by_file_name() {
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
