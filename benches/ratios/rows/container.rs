//! Every container against JSON Lines of the same events.

use std::path::PathBuf;

use kubetrawl::cancel::Cancel;
use kubetrawl::simulate::{self, Format, SimulateOptions, Simulated};

use super::{clear, kubetrawl, text};
use crate::Bench;
use crate::measure::Comparison;

/// How these rows are named, before the container.
pub const NAME: &str = "container";

/// The same events in a container, against JSON Lines, as records a second for each byte of the records themselves: 1 where the
/// wrapping costs nothing. A fifth of the records is used, as there are many rows.
pub fn row(bench: &Bench, format: Format) -> Comparison {
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
