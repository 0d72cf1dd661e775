use std::time::{Duration, Instant};

use super::*;
use crate::cancel::Stopped;
use crate::normalize::schema::{COLUMNS, PARTITION_COLUMN};

fn engine() -> Engine {
    engine_with(640 << 20)
}

fn engine_with(memory: u64) -> Engine {
    open(Vec::new(), memory)
}

fn open(files: Vec<PathBuf>, memory: u64) -> Engine {
    open_files(files.into_iter().map(EngineFile::from).collect(), memory)
}

fn open_files(files: Vec<EngineFile>, memory: u64) -> Engine {
    Engine::open(&EngineOptions { files, memory, threads: 2, temp: temp(), temp_limit: Some(1 << 20) })
        .unwrap()
}

fn temp() -> PathBuf {
    std::env::temp_dir().join(format!("kubetrawl-engine-tests-{}", std::process::id()))
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

/// What EXPLAIN says, in one text.
fn plan(engine: &Engine, explain: &str) -> String {
    texts(engine, explain, &[]).concat().into_iter().flatten().collect()
}

/// The connections of a session.
fn connections() -> [Engine; 2] {
    let engine = engine();
    let beside = engine.beside().unwrap();
    [engine, beside]
}

#[test]
fn the_session_is_locked_down() {
    connections().iter().for_each(is_locked_down);
}

fn is_locked_down(engine: &Engine) {
    let setting = |name: &str| {
        let sql = "SELECT value FROM duckdb_settings() WHERE name = $name";
        texts(engine, sql, &[("name", Param::Text(name.into()))])[0][0].clone().unwrap()
    };
    for (name, value) in [
        ("parquet_metadata_cache", "true"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
        ("allowed_paths", "[]"),
        ("threads", "2"),
        ("memory_limit", "384.0 MiB"),
        ("max_temp_directory_size", "1.0 MiB"),
    ] {
        assert_eq!(setting(name), value, "{name}");
    }
    // The folder to spill into is the only one, and DuckDB allows it by itself.
    assert_eq!(setting("allowed_directories"), format!("[{}/]", temp().display()));
}

#[test]
fn nothing_outside_is_read_written_or_set() {
    let connections = connections();
    for sql in [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO 'must-not-exist.csv'",
        "ATTACH 'must-not-exist.db'",
        "SET threads = 1",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ] {
        for engine in &connections {
            assert!(engine.execute(sql, &[], &Cancel::default()).is_err(), "{sql}");
        }
    }
}

#[test]
fn an_empty_lake_has_the_columns_of_the_schema() {
    let rows = texts(&engine(), "SELECT column_name, column_type FROM (DESCRIBE audit_events)", &[]);
    let mut expected: Vec<(String, String)> =
        COLUMNS.iter().map(|c| (c.name.into(), views::duck_type(c.column_type).into())).collect();
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
            format!("{name}::{} AS {name}", views::duck_type(column.column_type), name = column.name);
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
        assert!(matches!(error, EngineError::Cancelled(Stopped)), "{error}");
    });
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn running_out_of_memory_says_what_to_do() {
    let sql = "SELECT list(range::VARCHAR || repeat('x', 1000)) AS l FROM range(2000000)";
    let error = engine_with(0).execute(sql, &[], &Cancel::default()).unwrap_err();
    assert!(matches!(error, EngineError::OutOfMemory(_) | EngineError::OutOfSpace(_)), "{error}");
}

/// One file per day, named as the lake names them when `partitioned`, else as staging does.
fn days(folder: &std::path::Path, partitioned: bool) -> Vec<PathBuf> {
    let batch = RecordBatch::new_empty(crate::normalize::schema::SCHEMA.clone());
    let write = |day: &str| {
        let folder = if partitioned { folder.join(format!("event_date={day}")) } else { folder.join(day) };
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("1-1.parquet");
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    };
    ["2026-11-20", "2026-11-21", "2026-11-22"].map(write).to_vec()
}

#[test]
fn a_filter_on_a_day_is_pushed_below_the_window_of_requests() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(days(folder.path(), true), 640 << 20);
    let sql = "EXPLAIN SELECT name FROM requests WHERE event_date = $day::DATE AND resource = 'secrets'";
    let plan = texts(&engine, sql, &[("day", Param::Text("2026-11-21".into()))]).concat();
    let plan: String = plan.into_iter().flatten().collect();
    assert!(plan.contains("Scanning Files: 1/3"), "{plan}");
}

#[test]
fn files_without_secrets_are_not_opened_for_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let rest = |path: PathBuf| EngineFile { requests: Requests::Rest, ..EngineFile::from(path) };
    let files = days(folder.path(), true).into_iter().map(rest).collect();
    let engine = open_files(files, 640 << 20);
    let read = |condition: &str| {
        let sql = format!("EXPLAIN SELECT name FROM requests WHERE {condition}");
        plan(&engine, &sql).to_lowercase().contains("read_parquet")
    };
    assert!(!read("resource = 'secrets' AND verb = 'get'"));
    assert!(read("resource = 'pods'") && read("resource IS NULL") && read("verb = 'get'"));
}

#[test]
fn the_window_of_requests_is_a_hash_table_where_only_its_key_is_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(days(folder.path(), true), 640 << 20);
    let plan = |requests: &str| {
        let sql = format!("EXPLAIN SELECT name, outcome FROM {requests} AND resource = 'secrets'");
        plan(&engine, &sql).to_lowercase()
    };
    let day = "TIMESTAMP '2026-11-20', TIMESTAMP '2026-11-22'";
    let fast = plan(&format!("requests_within(['Kubernetes.Audit'], {day}, NULL) WHERE verb = 'get'"));
    assert!(fast.contains("arg_min") && !fast.contains("row_number"), "{fast}");
    assert!(
        plan("requests WHERE log_type = 'Kubernetes.Audit'").contains("row_number"),
        "the form of requests_within.sql can be plainer"
    );
}

#[test]
fn files_that_wait_in_staging_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(days(folder.path(), false), 640 << 20);
    let rows = texts(&engine, "SELECT count(event_date)::VARCHAR AS n FROM requests", &[]);
    assert_eq!(rows, [[Some("0".to_owned())]]);
}

#[test]
fn a_larger_budget_leaves_more_than_what_is_reserved() {
    let sql = "SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'";
    let limit = |memory| texts(&engine_with(memory), sql, &[])[0][0].clone().unwrap();
    assert_eq!(limit(512 << 20), "256.0 MiB");
    assert_eq!(limit(1 << 30), "704.0 MiB");
    assert_eq!(limit(16 << 30), "11.0 GiB");
}
