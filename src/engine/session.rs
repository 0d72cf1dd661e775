//! Opens a session: settings, views and macros, and then the lock, in that order.

use std::path::{Path, PathBuf};

use duckdb::{Config, Connection};

use super::{EngineError, EngineOptions, FLOOR, Param, RESERVED};
use crate::normalize::schema::{COLUMNS, ColumnType, PARTITION_COLUMN};
use crate::sql;

/// Allowed paths are the committed files only: DuckDB may write inside an allowed folder.
pub fn open(options: &EngineOptions) -> Result<Connection, EngineError> {
    let connection = Connection::open_in_memory_with_flags(config(options)?).map_err(told("settings"))?;
    let files = paths(&options.files)?;
    set(&connection, "allowed_paths", &text_list(&files))?;
    // The files of a session do not change: their footers are read once, not by each statement.
    set(&connection, "parquet_metadata_cache", "true")?;
    views(&connection, &options.files, files)?;
    for (name, text) in sql::macros() {
        connection.execute_batch(text).map_err(told(name))?;
    }
    lock(&connection)?;
    Ok(connection)
}

/// A session for DuckDB's own functions, on one thread and the least memory, that spills nothing.
pub fn open_without_lake() -> Result<Connection, EngineError> {
    let options = EngineOptions {
        files: Vec::new(),
        memory: RESERVED + FLOOR,
        threads: 1,
        temp: std::env::temp_dir(),
        temp_limit: Some(0),
    };
    let connection = Connection::open_in_memory_with_flags(config(&options)?).map_err(told("settings"))?;
    lock(&connection)?;
    Ok(connection)
}

fn lock(connection: &Connection) -> Result<(), EngineError> {
    set(connection, "enable_external_access", "false")?;
    set(connection, "lock_configuration", "true")
}

fn config(options: &EngineOptions) -> Result<Config, EngineError> {
    let memory = options.memory.saturating_sub(RESERVED).max(FLOOR);
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

fn views(connection: &Connection, files: &[PathBuf], paths: Vec<String>) -> Result<(), EngineError> {
    let text = sql::file("schema/audit_events.sql");
    let view = if files.is_empty() {
        no_events()
    } else {
        connection
            .execute("SET VARIABLE lake_files = $1", [&Param::TextList(paths)])
            .map_err(told("list of files"))?;
        if files.iter().all(|file| is_partitioned(file)) { text.to_owned() } else { unmoved(text) }
    };
    connection.execute_batch(&view).map_err(told("schema/audit_events.sql"))?;
    // In a schema of its own, which no query of an analyst can name and SHOW TABLES does not list.
    connection.execute_batch("CREATE SCHEMA cut").map_err(told("schema"))?;
    let make = |file: &str| connection.execute_batch(sql::file(file)).map_err(told(file));
    for file in ["cut_records", "cut_answered", "cut_responses", "latest"] {
        make(&format!("schema/{file}.sql"))?;
    }
    if no_response_was_cut(connection)? {
        // To ask each request whether a cut response answers it took an eighth of a hunt's reading.
        let all = "CREATE MACRO cut.requests_of(relation) AS TABLE SELECT * FROM cut.latest(relation)";
        connection.execute_batch(all).map_err(told("schema/requests_of.sql"))?;
    } else {
        make("schema/requests_of.sql")?;
    }
    make("schema/requests.sql")
}

fn no_response_was_cut(connection: &Connection) -> Result<bool, EngineError> {
    let count = "SELECT count(*) = 0 FROM cut.responses";
    connection.query_row(count, [], |row| row.get(0)).map_err(told("schema/cut_responses.sql"))
}

fn is_partitioned(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    folder.is_some_and(|name| name.starts_with(&format!("{PARTITION_COLUMN}=")))
}

/// The same view where a commit's files still wait in staging, outside the partitions' folders.
fn unmoved(text: &str) -> String {
    text.replace("event_date::DATE AS event_date", "event_time::DATE AS event_date")
        .replace("hive_partitioning = true", "hive_partitioning = false")
        .replace("  hive_types = {'event_date': DATE},\n", "")
}

/// The same columns and no row: read_parquet refuses an empty list of files.
fn no_events() -> String {
    let column = |name: &str, duck: &str| format!("NULL::{duck} AS {name}");
    let mut columns: Vec<String> = COLUMNS.iter().map(|c| column(c.name, duck_type(c.column_type))).collect();
    columns.insert(3, column(PARTITION_COLUMN, "DATE"));
    format!("CREATE VIEW audit_events AS SELECT {} WHERE false", columns.join(", "))
}

/// The type of a column in SQL.
pub fn duck_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Timestamp => "TIMESTAMP",
        ColumnType::Varchar | ColumnType::Json => "VARCHAR",
        ColumnType::VarcharList => "VARCHAR[]",
        ColumnType::Integer => "INTEGER",
        ColumnType::BigInt => "BIGINT",
        ColumnType::Boolean => "BOOLEAN",
    }
}

/// SET takes no bound parameter: the values are this program's own, and paths, quoted.
fn set(connection: &Connection, name: &str, value: &str) -> Result<(), EngineError> {
    connection.execute_batch(&format!("SET {name} = {value}")).map_err(told(name))
}

fn text_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    format!("[{}]", quoted.join(", "))
}

fn paths(files: &[PathBuf]) -> Result<Vec<String>, EngineError> {
    files.iter().map(|file| path(file)).collect()
}

fn path(file: &Path) -> Result<String, EngineError> {
    let text = file.to_str().ok_or_else(|| EngineError::Path { name: file.display().to_string() })?;
    Ok(text.to_owned())
}

fn told(what: &str) -> impl FnOnce(duckdb::Error) -> EngineError {
    let what = what.to_owned();
    move |source| EngineError::Session { what, source }
}
