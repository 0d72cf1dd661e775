//! The benchmarks: whole commands, ours and the opponent's in turn, A B A B, on simulated logs.
//!
//! `cargo bench` prints one row per comparison: seconds, CPU seconds, peak memory and bytes read from the disk of
//! both (medians), and the ratio pair by pair with its spread. Machines are shared and noisy: the ratio is the
//! figure to quote.
//!
//! - rows named `container ...` compare a container with JSON Lines of the same events;
//! - `cargo bench -- ingest` runs the rows whose name contains `ingest`;
//! - rows named `growth ...` tell how cost grows, as far as `KUBETRAWL_BENCH_GROWTH` (4) millions of records;
//! - `KUBETRAWL_BENCH_RECORDS` (500,000: about 600 MB of JSON Lines) and `KUBETRAWL_BENCH_RUNS` (5) set the size;
//! - `KUBETRAWL_BENCH_FOLDER` keeps what was generated, for the next time;
//! - `KUBETRAWL_BENCH_PYTHON` (python3) must have DuckDB's module for the rows `start`, and
//!   `KUBETRAWL_BENCH_RSIGMA` (rsigma) be the program for the rows `raw`; without them the rows say so.

mod cache;
mod measure;
mod opponent;
mod rows;

use std::path::PathBuf;

use kubetrawl::simulate::Format;

use self::rows::{container, growth};

/// As the program's own, so that an opponent that runs in this one has the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let kept = std::env::var_os("KUBETRAWL_BENCH_FOLDER").map(PathBuf::from);
    let bench = Bench {
        folder: kept.unwrap_or_else(|| temporary.path().to_path_buf()),
        records: setting("KUBETRAWL_BENCH_RECORDS", 500_000),
        runs: usize::try_from(setting("KUBETRAWL_BENCH_RUNS", 5)).expect("a small number"),
    };
    println!("{}", measure::Comparison::header());
    for (name, row) in rows::ALL {
        if name.contains(&filter) {
            match row(&bench) {
                Some(comparison) => println!("{}", comparison.line(name)),
                None => println!("{name:<32} passed over: what it is compared with is not here"),
            }
        }
    }
    for &format in Format::ALL.iter().filter(|&&format| format != Format::KubeApiserver) {
        let name = format!("{} {}", container::NAME, format.as_str());
        if name.contains(&filter) {
            println!("{}", container::row(&bench, format).line(&name));
        }
    }
    growth::print(&bench, &filter, setting("KUBETRAWL_BENCH_GROWTH", 4));
}
