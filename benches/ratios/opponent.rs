//! The opponents: DuckDB of the same version, in a process of its own, running SQL files of
//! `benches/opponents` with their placeholders filled in.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes this program run an opponent's SQL instead of the benchmarks.
pub const FLAG: &str = "--opponent";

/// A command that runs files of `benches/opponents` in turn, with `{key}` replaced by each value.
pub fn command(files: &[&str], values: &[(&str, &Path)]) -> Command {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/opponents");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(FLAG);
    command.args(files.iter().map(|file| folder.join(file)));
    for (key, value) in values {
        command.arg(format!("{key}={}", value.display()));
    }
    command
}

/// Runs the SQL files, which are named first; DuckDB keeps its own defaults for threads and memory.
pub fn run(arguments: &[String]) {
    let (values, files): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.contains('='));
    let connection = duckdb::Connection::open_in_memory().expect("DuckDB opens");
    for file in files {
        let mut sql = std::fs::read_to_string(file).expect("the opponent's SQL");
        for pair in &values {
            let (key, value) = pair.split_once('=').expect("key=value");
            sql = sql.replace(&format!("{{{key}}}"), &value.replace('\'', "''"));
        }
        connection.execute_batch(&sql).expect("the opponent's SQL runs");
    }
}
