//! Opens a session: settings, views and macros, and then the lock, in that order.

use std::path::Path;

use duckdb::{Config, Connection};

use super::{EngineError, EngineOptions, FLOOR, RESERVED, SIXTEENTHS, views};
use crate::sql;

/// Allowed paths are the committed files only: DuckDB may write inside an allowed folder.
pub fn open(options: &EngineOptions) -> Result<Connection, EngineError> {
    let connection = Connection::open_in_memory_with_flags(config(options)?).map_err(told("settings"))?;
    let files: Result<Vec<String>, EngineError> = options.files.iter().map(|file| path(&file.path)).collect();
    set(&connection, "allowed_paths", &text_list(&files?))?;
    // The files of a session do not change: their footers are read once, not by each statement. An extension's setting is
    // one connection's, unless it is said to be all of theirs.
    set(&connection, "GLOBAL parquet_metadata_cache", "true")?;
    views::create(&connection, &options.files)?;
    for (name, text) in sql::macros() {
        connection.execute_batch(text).map_err(told(name))?;
    }
    lock(&connection)?;
    Ok(connection)
}

/// No files, one thread and the least memory, and nothing is spilled.
pub fn least() -> EngineOptions {
    EngineOptions {
        files: Vec::new(),
        memory: RESERVED + FLOOR,
        threads: 1,
        temp: std::env::temp_dir(),
        temp_limit: Some(0),
    }
}

/// A session for DuckDB's own functions.
pub fn open_without_lake(options: &EngineOptions) -> Result<Connection, EngineError> {
    let connection = Connection::open_in_memory_with_flags(config(options)?).map_err(told("settings"))?;
    lock(&connection)?;
    Ok(connection)
}

fn lock(connection: &Connection) -> Result<(), EngineError> {
    set(connection, "enable_external_access", "false")?;
    set(connection, "lock_configuration", "true")
}

fn config(options: &EngineOptions) -> Result<Config, EngineError> {
    let memory = options.memory.saturating_sub(RESERVED).min(options.memory / 16 * SIXTEENTHS).max(FLOOR);
    let mut settings = vec![
        ("autoinstall_known_extensions", "false".to_owned()),
        ("autoload_known_extensions", "false".to_owned()),
        ("memory_limit", format!("{memory}B")),
        ("temp_directory", path(&options.temp)?),
        // Rows that reach a person are ordered by their query; keeping the order of input costs memory.
        ("preserve_insertion_order", "false".to_owned()),
    ];
    if options.threads > 0 {
        settings.push(("threads", options.threads.to_string()));
    }
    if let Some(limit) = options.temp_limit {
        settings.push(("max_temp_directory_size", format!("{limit}B")));
    }
    settings
        .into_iter()
        .try_fold(Config::default(), |config, (name, value)| config.with(name, value).map_err(told(name)))
}

/// SET takes no bound parameter: the values are this program's own, and paths, quoted.
fn set(connection: &Connection, name: &str, value: &str) -> Result<(), EngineError> {
    connection.execute_batch(&format!("SET {name} = {value}")).map_err(told(name))
}

fn text_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    format!("[{}]", quoted.join(", "))
}

pub(super) fn path(file: &Path) -> Result<String, EngineError> {
    let text = file.to_str().ok_or_else(|| EngineError::Path { name: file.display().to_string() })?;
    Ok(text.to_owned())
}

pub(super) fn told(what: &str) -> impl FnOnce(duckdb::Error) -> EngineError {
    let what = what.to_owned();
    move |source| EngineError::Session { what, source }
}
