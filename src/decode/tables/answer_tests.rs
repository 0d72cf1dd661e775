//! Tests of answers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The rows, and what they ended with.
fn read(answer: &str) -> (Vec<String>, Option<String>) {
    let rows = AnswerRows::open(Box::new(Cursor::new(answer.as_bytes().to_vec())));
    let mut rows = rows.expect("an answer's begin");
    let mut lines = Vec::new();
    loop {
        let mut json = Vec::new();
        match rows.next_row(&mut json) {
            Ok(true) => lines.push(String::from_utf8(json).expect("UTF-8")),
            Ok(false) => return (lines, None),
            Err(error) => return (lines, Some(error.to_string())),
        }
    }
}

fn log_analytics(rows: &Value) -> Value {
    json!({"tables": [{"name": "PrimaryResult", "columns": [
        {"name": "TimeGenerated", "type": "datetime"},
        {"name": "log_s", "type": "string"},
        {"name": "x", "type": "dynamic"},
    ], "rows": rows}]})
}

fn kusto_v1(rows: &Value) -> Value {
    let columns =
        ["TimeGenerated", "log_s", "x"].map(|name| json!({"ColumnName": name, "DataType": "String"}));
    let added = ["Timestamp", "StatusCode", "SubActivityId"].map(|name| json!({"ColumnName": name}));
    json!({"Tables": [
        {"TableName": "Table_0", "Columns": columns, "Rows": rows},
        {"TableName": "Table_1", "Columns": [{"ColumnName": "Value"}], "Rows": [["{}"]]},
        {"TableName": "Table_2", "Columns": added, "Rows": [["2026", 0, "a"]]},
    ]})
}

fn kusto_v2(rows: &Value) -> Value {
    let columns = |names: &[&str]| names.iter().map(|name| json!({"ColumnName": name})).collect::<Vec<_>>();
    json!([
        {"FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0"},
        {"FrameType": "DataTable", "TableId": 0, "TableKind": "QueryProperties",
            "Columns": columns(&["TableId", "Key", "Value"]), "Rows": [[1, "Visualization", "{}"]]},
        {"FrameType": "DataTable", "TableId": 1, "TableKind": "PrimaryResult",
            "Columns": columns(&["TimeGenerated", "log_s", "x"]), "Rows": rows},
        {"FrameType": "DataSetCompletion", "HasErrors": false, "Cancelled": false},
    ])
}

fn splunk(rows: &Value) -> Value {
    json!({"preview": false, "init_offset": 0, "messages": [], "fields": ["TimeGenerated", "log_s", "x"], "rows": rows})
}

const FORMS: [fn(&Value) -> Value; 4] = [log_analytics, kusto_v1, kusto_v2, splunk];

#[test]
fn rows_become_objects_in_every_form() {
    let rows =
        json!([["1", "{\"a\":1}", {"b": [null]}], ["2", "", null], [], ["3", "c"], ["4", "d", 5.5, 6]]);
    let expected = [
        r#"{"TimeGenerated":"1","log_s":"{\"a\":1}","x":{"b":[null]}}"#,
        r#"{"TimeGenerated":"2"}"#,
        r#"{"TimeGenerated":"3","log_s":"c"}"#,
        r#"{"TimeGenerated":"4","log_s":"d","x":5.5}"#,
    ];
    for form in FORMS {
        let answer = form(&rows);
        let whole = answer.to_string();
        assert!(is_answer(whole.as_bytes()), "{whole}");
        assert_eq!(read(&whole), (expected.map(str::to_owned).to_vec(), None));
        let twice = format!("\u{feff} {whole}\r\n{whole}\n");
        assert!(is_answer(twice.as_bytes()));
        assert_eq!(
            read(&twice),
            ([expected, expected].concat().iter().map(|row| (*row).to_owned()).collect(), None)
        );
        let (pretty, error) = read(&serde_json::to_string_pretty(&answer).unwrap());
        let values = |rows: &[String]| rows.iter().map(|row| row.parse().unwrap()).collect::<Vec<Value>>();
        assert_eq!((values(&pretty), error), (values(&expected.map(str::to_owned)), None));
    }
}

#[test]
fn what_is_no_table_of_audit_records_is_no_answer() {
    let columns = |names: &[&str]| json!({"tables": [{"columns": names, "rows": [["1", "2"]]}]}).to_string();
    for (answer, expected) in [
        (columns(&["TimeGenerated", "AuditId"]), true),
        (columns(&["log_s"]), true),
        (columns(&["_raw", "auditID"]), true),
        (columns(&["timestamp", "message"]), true),
        (columns(&["a", "message"]), false),
        (columns(&["a", "b"]), false),
        (columns(&[]), false),
        (columns(&["Value"]), false),
        (json!({"rows": [["1"]], "columns": ["log_s"]}).to_string(), false),
        (json!({"columns": ["log_s"], "rows": 1}).to_string(), false),
        (json!({"columns": {"a": "log_s"}, "rows": []}).to_string(), false),
        (json!({"x": {"columns": ["log_s"], "rows": []}}).to_string(), false),
        (json!({"kind": "Event", "rows": [1]}).to_string(), false),
        ("[{\"columns\":[\"log_s\"]},{\"rows\":[".to_owned(), true),
        ("{\"tables\":[{\"columns\":[\"log_s\"],\"rows\"".to_owned(), false),
        ("{\"rows\"".to_owned(), false),
        ("x{\"columns\":[\"log_s\"],\"rows\":[[]]}".to_owned(), false),
    ] {
        assert_eq!(is_answer(answer.as_bytes()), expected, "{answer}");
    }
}

#[test]
fn what_ends_early_or_is_broken_says_so_behind_the_rows_before_it() {
    let row = r#"{"log_s":"1","x":"2"}"#;
    for (rows, expected, error) in [
        ("", vec![row], "ends inside a value"),
        (",", vec![row], "ends inside a value"),
        (",[", vec![row], "ends inside a value"),
        (",[\"", vec![row, "{\"log_s\":\""], "ends inside a value"),
        (",[\"3\\\"", vec![row, "{\"log_s\":\"3\\\""], "ends inside a value"),
        (",[\"3\"", vec![row, "{\"log_s\":\"3\""], "ends inside a value"),
        (",[\"3\", {\"a\":[", vec![row, "{\"log_s\":\"3\",\"x\":{\"a\":["], "ends inside a value"),
        (",[\"3\",\"4\"", vec![row, "{\"log_s\":\"3\",\"x\":\"4\""], "ends inside a value"),
        (",[\"3\",\"4\"]", vec![row, "{\"log_s\":\"3\",\"x\":\"4\"}"], "ends inside a value"),
        (",{\"Exceptions\":[\"a\"]}]}", vec![row, "{\"Exceptions\":[\"a\"]}"], ""),
        ("]}x", vec![row], "behind the answer"),
        ("]}{\"auditID\":\"a\"}", vec![row], "behind the answer"),
        (
            "],\"error\":{\"code\":\"PartialError\"}}",
            vec![row],
            "not whole, as it says: {\"code\":\"PartialError\"}",
        ),
        ("],\"error\":null}", vec![row], ""),
        (",[\"3\" \"4\"]]}", vec![row], "broken"),
        (",[\"3\",]]}", vec![row], "broken"),
        (",[\"3\n\"]]}", vec![row], "broken"),
        (",3]}", vec![row], "broken"),
        (",]}", vec![row], "broken"),
        ("[\"3\"]]}", vec![row], "broken"),
        ("},", vec![row], "broken"),
    ] {
        let answer = format!("{{\"columns\":[\"log_s\",\"x\"],\"rows\":[[\"1\",\"2\"]{rows}");
        let (found, ended) = read(&answer);
        assert_eq!(found, expected, "{rows}");
        let ended = ended.unwrap_or_default();
        assert!(ended.contains(error) && ended.is_empty() == error.is_empty(), "{rows}: {ended}");
    }
}

#[test]
fn hostile_answers_end() {
    let deep = |open: &str| format!("{{\"columns\":[\"log_s\"],\"rows\":[[{}", open.repeat(100_000));
    for answer in
        [deep("["), deep("{\"a\":"), "[".repeat(100_000), format!("{{\"tables\":{}", "[".repeat(99))]
    {
        let (rows, error) = read(&answer);
        assert!(rows.is_empty() && error.is_some());
    }
    let names = format!("[\"log_s\",\"{}\"]", "a".repeat(100_000));
    let (rows, error) = read(&format!("{{\"columns\":{names},\"rows\":[[1,2]]}}"));
    assert!(rows.is_empty() && error.unwrap().contains("columns of more"));
    let twice = read("{\"columns\":[\"log_s\",\"log_s\"],\"rows\":[[1,2]]}");
    assert_eq!(twice, (vec!["{\"log_s\":1,\"log_s\":2}".to_owned()], None));
}

proptest! {
    #[test]
    fn every_whole_row_is_an_object_of_its_cells(
        rows in prop::collection::vec(prop::collection::vec(crate::decode::testing::json(3), 0..5), 0..6),
        form in prop::sample::select(&FORMS[..]),
        is_pretty in any::<bool>(),
        at in any::<prop::sample::Index>(),
    ) {
        let names = ["TimeGenerated", "log_s", "x"];
        let object = |row: &Vec<Value>| {
            let cells = names.iter().zip(row).filter(|(_, cell)| !cell.is_null() && **cell != "");
            cells.map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect::<serde_json::Map<_, _>>()
        };
        let expected: Vec<_> = rows.iter().map(object).filter(|row| !row.is_empty()).collect();
        let answer = form(&json!(rows));
        let text = if is_pretty { serde_json::to_string_pretty(&answer).unwrap() } else { answer.to_string() };
        let (found, error) = read(&text);
        let found: Vec<serde_json::Map<_, _>> = found.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(error, None);

        // Of one that was cut, all rows but the last are whole.
        let at = (0..=at.index(text.len())).rev().find(|at| *at > 0 && text.is_char_boundary(*at));
        let Some(at) = at else { return Ok(()) };
        let (found, error) = read(&text[..at]);
        prop_assert!(error.is_some());
        for (number, row) in found.iter().enumerate() {
            let row: Result<serde_json::Map<_, _>, _> = serde_json::from_str(row);
            prop_assert!(row.is_err() && number + 1 == found.len() || Some(&row.unwrap()) == expected.get(number));
        }
    }
}
