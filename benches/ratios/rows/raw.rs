//! JSON Lines to alerts in one command, against rsigma's value_count correlation.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{json_lines, kubetrawl, text};
use crate::Bench;
use crate::measure::Comparison;

pub fn all_threads(bench: &Bench) -> Option<Comparison> {
    against_rsigma(bench, &[])
}

/// rsigma reads on one thread by design.
pub fn one_thread(bench: &Bench) -> Option<Comparison> {
    against_rsigma(bench, &["--threads", "1"])
}

fn against_rsigma(bench: &Bench, threads: &[&str]) -> Option<Comparison> {
    let rsigma = rsigma()?;
    let events = one_file(bench);
    let event = format!("@{}", text(&events));
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/opponents/rsigma.yml");
    Some(Comparison::alternate(
        bench.runs,
        || (),
        || {
            let mut command = kubetrawl(&["hunt", text(&events), "--format", "json"]);
            command.args(threads);
            command
        },
        || {
            let mut command = Command::new(&rsigma);
            command.args(["engine", "eval", "--no-detections", "-r", text(&rule), "-e", &event]);
            command.args(["--timestamp-field", "requestReceivedTimestamp"]);
            command
        },
    ))
}

/// The program, where it is installed.
fn rsigma() -> Option<OsString> {
    let rsigma = std::env::var_os("KUBETRAWL_BENCH_RSIGMA").unwrap_or_else(|| "rsigma".into());
    let runs = Command::new(&rsigma).arg("--version").output().is_ok_and(|done| done.status.success());
    runs.then_some(rsigma)
}

/// The simulated logs one after another, which is how rsigma takes them.
fn one_file(bench: &Bench) -> PathBuf {
    let path = bench.folder.join("events.ndjson");
    if !path.exists() {
        let mut out = File::create(&path).expect("a new file");
        let logs = walkdir::WalkDir::new(json_lines(bench)).sort_by_file_name().into_iter();
        let logs =
            logs.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|e| e == "log"));
        for log in logs {
            std::io::copy(&mut File::open(log.path()).expect("a log"), &mut out).expect("a copy");
        }
    }
    path
}
