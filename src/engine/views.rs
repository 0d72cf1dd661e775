//! The views of a session: what the lake's files hold, and the requests in it.

use std::path::Path;

use duckdb::Connection;

use super::session::{path, told};
use super::{EngineError, EngineFile, Param};
use crate::lake::Requests;
use crate::normalize::schema::{COLUMNS, ColumnType, PARTITION_COLUMN};
use crate::sql;

/// Creates what `sql/schema` has, over the files of a snapshot.
pub fn create(connection: &Connection, files: &[EngineFile]) -> Result<(), EngineError> {
    // In a schema of its own, which no query of an analyst can name and SHOW TABLES does not list.
    connection.execute_batch("CREATE SCHEMA cut").map_err(told("schema"))?;
    bind(connection, files)?;
    let parts = parts(files);
    let is_named =
        |(name, files): &(&str, Vec<_>)| !files.is_empty() || *name == "lake" || parts.contains(name);
    for (name, files) in lists(files).into_iter().filter(is_named) {
        // Macros, which DuckDB does not plan before they are used: 6 ms for each of these over the files of a month.
        let head = match name {
            "lake" => "VIEW audit_events AS".to_owned(),
            part => format!("MACRO cut.{part}_records() AS TABLE"),
        };
        records(connection, &head, &variable(name), &files)?;
    }
    let make = |file: &str| connection.execute_batch(sql::file(file)).map_err(told(file));
    ["latest", "cut_answered"].iter().try_for_each(|file| make(&format!("schema/{file}.sql")))?;
    if files.iter().any(|file| file.salvaged) {
        ["cut_records", "cut_responses"].iter().try_for_each(|file| make(&format!("schema/{file}.sql")))?;
        if was_a_response_cut(connection)? {
            told_apart(connection, "cut.told_apart", &parts)?;
            let asked = ["begun", "requests_of", "requests"];
            return asked.iter().try_for_each(|file| make(&format!("schema/{file}.sql")));
        }
    }
    // To ask each request whether a cut response answers it took an eighth of a hunt's reading. The view is not one over
    // cut.told_apart, whose files would be bound twice.
    let all = "CREATE MACRO cut.requests_of(relation) AS TABLE SELECT * FROM cut.latest(relation)";
    connection.execute_batch(all).map_err(told("cut.requests_of"))?;
    told_apart(connection, "requests", &parts)
}

/// The lists of requests that have files, or one without; together they are all files, but those that nothing reads for
/// requests. A list without files is left out: DuckDB planned each for 2 to 3 ms wherever the view was named, four times
/// in a hunt.
fn parts(files: &[EngineFile]) -> Vec<&'static str> {
    let listed = lists(files).into_iter().filter(|(_, files)| !files.is_empty()).map(|(name, _)| name);
    let parts: Vec<&str> = listed.filter(|name| ["latest", "rest", "other"].contains(name)).collect();
    if parts.is_empty() { vec!["other"] } else { parts }
}

/// Makes a view of one row per API request of the lake, the record with the latest of its stages, as the files of
/// `sql/schema/told_apart` have it of their lists. All stages of a request have one event_date, of which a compaction told
/// all requests for secrets apart or none.
fn told_apart(connection: &Connection, view: &str, parts: &[&str]) -> Result<(), EngineError> {
    let rows: Vec<String> = parts
        .iter()
        .map(|part| format!("({})", sql::file(&format!("schema/told_apart/{part}.sql"))))
        .collect();
    let text = format!("CREATE VIEW {view} AS {}", rows.join(" UNION ALL "));
    connection.execute_batch(&text).map_err(told("schema/told_apart"))
}

/// Tells a connection the files of the views, in session variables, as a view takes no parameter.
pub fn bind(connection: &Connection, files: &[EngineFile]) -> Result<(), EngineError> {
    for (name, files) in lists(files).into_iter().filter(|(_, files)| !files.is_empty()) {
        let paths: Result<Vec<String>, EngineError> = files.iter().map(|file| path(&file.path)).collect();
        connection
            .execute(&format!("SET VARIABLE {} = $1", variable(name)), [&Param::TextList(paths?)])
            .map_err(told("list of files"))?;
    }
    Ok(())
}

/// The files that are read by one name each, all of them first.
fn lists(files: &[EngineFile]) -> [(&'static str, Vec<&EngineFile>); 5] {
    let those = |are: fn(&EngineFile) -> bool| files.iter().filter(|file| are(file)).collect();
    [
        ("lake", files.iter().collect()),
        ("latest", those(|file| file.requests == Requests::Latest)),
        ("rest", those(|file| file.requests == Requests::Rest)),
        ("other", those(|file| file.requests == Requests::Unknown)),
        ("salvaged", those(|file| file.salvaged)),
    ]
}

fn variable(list: &str) -> String {
    format!("{list}_files")
}

/// Makes what `sql/schema/audit_events.sql` has of some files, which a session variable lists, under the head of another
/// view or macro.
fn records(
    connection: &Connection,
    head: &str,
    variable: &str,
    files: &[&EngineFile],
) -> Result<(), EngineError> {
    let text = sql::file("schema/audit_events.sql");
    let text = match files {
        [] => no_records(),
        files if files.iter().all(|file| is_partitioned(&file.path)) => text.to_owned(),
        _ => unmoved(text),
    };
    let text = text.replace("VIEW audit_events AS", head).replace("lake_files", variable);
    connection.execute_batch(&text).map_err(told("schema/audit_events.sql"))
}

fn was_a_response_cut(connection: &Connection) -> Result<bool, EngineError> {
    let count = "SELECT count(*) > 0 FROM cut.responses";
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
fn no_records() -> String {
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
