//! How long it takes to begin, against DuckDB's Python module.

use std::ffi::OsString;
use std::process::Command;

use super::{kubetrawl, text};
use crate::Bench;
use crate::measure::{Comparison, run};

/// Starts take milliseconds, so more of them are compared.
const MORE: usize = 4;

pub fn version(bench: &Bench) -> Option<Comparison> {
    let python = python()?;
    Some(Comparison::alternate(
        bench.runs * MORE,
        || (),
        || kubetrawl(&["--version"]),
        || script(&python, "import duckdb; print(duckdb.__version__)"),
    ))
}

/// Ours opens a lake, an empty one.
pub fn select(bench: &Bench) -> Option<Comparison> {
    let python = python()?;
    let (lake, logs) = (bench.folder.join("little-lake"), bench.folder.join("little-logs"));
    if !lake.exists() {
        run(kubetrawl(&["simulate", "--out", text(&logs), "--records", "1000"]));
        run(kubetrawl(&["ingest", text(&logs), "--lake", text(&lake)]));
    }
    Some(Comparison::alternate(
        bench.runs * MORE,
        || (),
        || kubetrawl(&["query", "select 1", "--lake", text(&lake)]),
        || script(&python, "import duckdb; print(duckdb.sql('select 1'))"),
    ))
}

/// The Python that has DuckDB's module.
fn python() -> Option<OsString> {
    let python = std::env::var_os("KUBETRAWL_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let has_module = script(&python, "import duckdb").output().is_ok_and(|done| done.status.success());
    has_module.then_some(python)
}

fn script(python: &OsString, text: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", text]);
    command
}
