//! The opponents: DuckDB of the same version, in a process of its own, running a SQL file of
//! `benches/opponents` with its placeholders filled in.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes this program run an opponent's SQL instead of the benchmarks.
pub const FLAG: &str = "--opponent";

/// A command that runs `benches/opponents/<file>`, with `{key}` replaced by each value.
pub fn command(file: &str, values: &[(&str, &Path)]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(FLAG).arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/opponents").join(file));
    for (key, value) in values {
        command.arg(format!("{key}={}", value.display()));
    }
    command
}

/// Runs the SQL file named first; DuckDB keeps its own defaults for threads and memory.
pub fn run(arguments: &[String]) {
    let mut sql = std::fs::read_to_string(&arguments[0]).expect("the opponent's SQL");
    for pair in &arguments[1..] {
        let (key, value) = pair.split_once('=').expect("key=value");
        sql = sql.replace(&format!("{{{key}}}"), &value.replace('\'', "''"));
    }
    let connection = duckdb::Connection::open_in_memory().expect("DuckDB opens");
    connection.execute_batch(&sql).expect("the opponent's SQL runs");
}
