use std::time::{Duration, Instant};

use super::*;
use crate::normalize::schema::{COLUMNS, PARTITION_COLUMN};

fn engine() -> Engine {
    engine_with(640 << 20)
}

fn engine_with(memory: u64) -> Engine {
    let temp = std::env::temp_dir().join("kubetrawl-engine-tests");
    let options = EngineOptions { files: Vec::new(), memory, threads: 2, temp, temp_limit: Some(1 << 20) };
    Engine::open(&options).unwrap()
}

fn texts(engine: &Engine, sql: &str, params: &[(&str, Param)]) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    engine
        .query(sql, params, &Cancel::default(), |batch| {
            let cells = Cells::new(batch);
            for row in 0..cells.rows() {
                let names = batch.schema();
                rows.push(
                    names.fields().iter().map(|f| cells.text(row, f.name())).collect::<Result<_, _>>()?,
                );
            }
            Ok::<_, EngineError>(())
        })
        .unwrap();
    rows
}

#[test]
fn the_session_is_locked_down() {
    let engine = engine();
    let setting = |name: &str| {
        let sql = "SELECT value FROM duckdb_settings() WHERE name = $name";
        texts(&engine, sql, &[("name", Param::Text(name.into()))])[0][0].clone().unwrap()
    };
    for (name, value) in [
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
        ("allowed_directories", "[]"),
        ("allowed_paths", "[]"),
        ("threads", "2"),
        ("memory_limit", "384.0 MiB"),
        ("max_temp_directory_size", "1.0 MiB"),
    ] {
        assert_eq!(setting(name), value, "{name}");
    }
}

#[test]
fn nothing_outside_is_read_written_or_set() {
    let engine = engine();
    for sql in [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '/tmp/kubetrawl-must-not-exist.csv'",
        "ATTACH '/tmp/kubetrawl-must-not-exist.db'",
        "SET threads = 1",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ] {
        assert!(engine.execute(sql, &[], &Cancel::default()).is_err(), "{sql}");
    }
}

#[test]
fn an_empty_lake_has_the_columns_of_the_schema() {
    let rows = texts(&engine(), "SELECT column_name, column_type FROM (DESCRIBE audit_events)", &[]);
    let mut expected: Vec<(String, String)> =
        COLUMNS.iter().map(|c| (c.name.into(), session::duck_type(c.column_type).into())).collect();
    expected.insert(3, (PARTITION_COLUMN.into(), "DATE".into()));
    let found: Vec<_> =
        rows.into_iter().map(|mut row| (row.remove(0).unwrap(), row.remove(0).unwrap())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_view_states_every_column_with_its_type() {
    let text = crate::sql::file("schema/audit_events.sql");
    for column in COLUMNS {
        let stated =
            format!("{name}::{} AS {name}", session::duck_type(column.column_type), name = column.name);
        assert!(text.contains(&stated), "{stated}");
    }
}

#[test]
fn parameters_are_bound_by_name_with_their_types() {
    let sql = "SELECT $text AS text, ($int + 1)::VARCHAR AS int, ($time::TIMESTAMP)::VARCHAR AS time,
        array_to_string($list, '|') AS list, ($nothing IS NULL)::VARCHAR AS nothing, $bool::VARCHAR AS bool,
        len($none)::VARCHAR AS none";
    let params = [
        ("text", Param::Text("a'; DROP".into())),
        ("int", Param::Int(41)),
        ("time", Param::Timestamp(1_000_001)),
        ("list", Param::TextList(vec!["x".into(), "y".into()])),
        ("none", Param::TextList(Vec::new())),
        ("nothing", Param::Null),
        ("bool", Param::Bool(true)),
        ("unused", Param::Int(0)),
    ];
    let expected = ["a'; DROP", "42", "1970-01-01 00:00:01.000001", "x|y", "true", "true", "0"];
    assert_eq!(texts(&engine(), sql, &params), [expected.map(|text| Some(text.to_owned()))]);
}

#[test]
fn a_parameter_that_is_not_given_is_named() {
    let error = engine().execute("SELECT $since", &[], &Cancel::default()).unwrap_err();
    assert_eq!(error.to_string(), "the parameter $since is not given");
}

#[test]
fn a_query_is_cancelled_inside_duckdb() {
    let cancel = Cancel::default();
    let engine = engine();
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            cancel.cancel();
        });
        let sql =
            "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range + b.range) % 7 = 3";
        let error = engine.execute(sql, &[], &cancel).unwrap_err();
        assert!(matches!(error, EngineError::Cancelled), "{error}");
    });
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn running_out_of_memory_says_what_to_do() {
    let sql = "SELECT list(range::VARCHAR || repeat('x', 1000)) AS l FROM range(2000000)";
    let error = engine_with(0).execute(sql, &[], &Cancel::default()).unwrap_err();
    assert!(matches!(error, EngineError::OutOfMemory(_) | EngineError::OutOfSpace(_)), "{error}");
}
