//! The benchmarks: whole commands, ours and the opponent's in turn, A B A B, on simulated logs.
//!
//! `cargo bench` prints one row per comparison: seconds and peak memory of both (medians), and the
//! ratio pair by pair with its spread. Machines are shared and noisy: the ratio is the figure to quote.
//!
//! - rows named `container ...` compare a container with JSON Lines of the same events;
//! - `cargo bench -- ingest` runs the rows whose name contains `ingest`;
//! - `KUBETRAWL_BENCH_RECORDS` (500,000: about 600 MB of JSON Lines) and `KUBETRAWL_BENCH_RUNS` (5) set the size.

mod measure;
mod opponent;
mod rows;

use std::path::PathBuf;

use kubetrawl::simulate::Format;

/// What every row gets to work with.
pub struct Bench {
    pub folder: PathBuf,
    pub records: u64,
    pub runs: usize,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == opponent::FLAG) {
        opponent::run(&arguments[1..]);
        return;
    }
    let filter = arguments.iter().find(|a| !a.starts_with('-')).cloned().unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bench = Bench {
        folder: folder.path().to_path_buf(),
        records: setting("KUBETRAWL_BENCH_RECORDS", 500_000),
        runs: usize::try_from(setting("KUBETRAWL_BENCH_RUNS", 5)).expect("a small number"),
    };
    println!("{}", measure::Comparison::header());
    for (name, row) in rows::ALL {
        if name.contains(&filter) {
            println!("{}", row(&bench).line(name));
        }
    }
    for &format in Format::ALL.iter().filter(|&&format| format != Format::KubeApiserver) {
        let name = format!("{} {}", rows::CONTAINER, format.as_str());
        if name.contains(&filter) {
            println!("{}", rows::container(&bench, format).line(&name));
        }
    }
}
