//! Tests of CSV.

use proptest::prelude::*;

use super::*;

/// The rows as they are read when none is usual.
fn slowly(csv: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, bool) {
    let mut rows = AnyRows::new(csv, delimiter);
    let (mut lines, mut columns) = (Vec::new(), None);
    loop {
        match (rows.next_row(), &columns) {
            (Ok(true), None) => columns = Some(rows.names()),
            (Ok(true), Some(columns)) => {
                let mut json = Vec::new();
                rows.write(columns, &mut json);
                lines.extend(Some(json).filter(|json| !json.is_empty()));
            }
            (ended, _) => return (lines, ended.is_ok()),
        }
    }
}

fn read(csv: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, bool) {
    let layout = Layout { delimiter, ..Layout::COMMAS };
    lines_of(CsvRows::from_header(Box::new(io::Cursor::new(csv.to_vec())), layout))
}

/// The rows of a file, by its own header.
fn opened(csv: &[u8]) -> (Vec<Vec<u8>>, bool) {
    lines_of(CsvRows::open(Box::new(io::Cursor::new(csv.to_vec())), csv).unwrap())
}

fn lines_of(mut rows: CsvRows) -> (Vec<Vec<u8>>, bool) {
    let mut lines = Vec::new();
    loop {
        let mut json = Vec::new();
        match rows.next_row(&mut json) {
            Ok(true) => lines.push(json),
            ended => return (lines, ended.is_ok()),
        }
    }
}

fn csv() -> impl Strategy<Value = (Vec<u8>, u8)> {
    let cell = prop_oneof![
        4 => "[a-z {}\\\\:,;\t\u{e9}]{0,20}".prop_map(String::into_bytes),
        6 => "([a-z,;\n\r\t\u{e9}\\\\]|\"\"){0,40}".prop_map(|text| format!("\"{text}\"").into_bytes()),
        1 => "[a-z\"\u{feff}]{0,6}".prop_map(String::into_bytes),
        1 => Just(b"\"\xff\"".to_vec()),
    ];
    let end =
        prop_oneof![8 => Just("\n"), 4 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just("")];
    let row = (prop::collection::vec(cell, 0..4), end);
    let rows = prop::collection::vec(row, 0..6);
    (any::<bool>(), prop::sample::select(&DELIMITERS[..]), rows).prop_map(|(mark, delimiter, rows)| {
        let rows = rows.iter().map(|(cells, end)| [&cells.join(&delimiter), end.as_bytes()].concat());
        let mark = if mark { MARK } else { b"" };
        ([mark, &rows.collect::<Vec<_>>().concat()].concat(), delimiter)
    })
}

proptest! {
    #[test]
    fn usual_rows_are_as_any_are((csv, delimiter) in csv()) {
        prop_assert_eq!(read(&csv, delimiter), slowly(&csv, delimiter));
    }
}

#[test]
fn a_row_that_was_cut_is_a_cut_object() {
    for (last, expected) in [
        ("1,2,3", "{\"log_s\":\"1\",\"x\":\"2\",\"y\":\"3\"}"),
        ("1,2,\"3\"", "{\"log_s\":\"1\",\"x\":\"2\",\"y\":\"3\"}"),
        ("1,2,\"3", "{\"log_s\":\"1\",\"x\":\"2\",\"y\":\"3"),
        ("1,2,\"3\n", "{\"log_s\":\"1\",\"x\":\"2\",\"y\":\"3\\n"),
        ("1,\"\"\"\",\"", "{\"log_s\":\"1\",\"x\":\"\\\"\""),
        ("1,2", "{\"log_s\":\"1\",\"x\":\"2"),
        ("1,2,", "{\"log_s\":\"1\",\"x\":\"2\"}"),
        ("1,", "{\"log_s\":\"1\""),
        ("\"{\"\"a\"\":\"\"b", "{\"log_s\":\"{\\\"a\\\":\\\"b"),
        ("1,2\n", "{\"log_s\":\"1\",\"x\":\"2\"}"),
        ("1,2\r", "{\"log_s\":\"1\",\"x\":\"2\"}"),
    ] {
        let (lines, whole) = opened(format!("log_s,x,y\n4,5,6\n{last}").as_bytes());
        assert!(whole && lines.len() == 2, "{last}");
        assert_eq!(String::from_utf8_lossy(&lines[1]), expected, "{last}");
    }
}

#[test]
fn rows_become_lines() {
    let csv =
        "\u{feff}TimeGenerated [UTC],\"log_s\",x\r\n2026,\"{\"\"a\"\":\"\"b\"\"}\n\",\r\n,,\n1,2,3,4\n5\n";
    assert!(is_csv(csv.as_bytes()));
    let (lines, whole) = opened(csv.as_bytes());
    assert!(whole);
    let expected: [&[u8]; 3] = [
        b"{\"TimeGenerated\":\"2026\",\"log_s\":\"{\\\"a\\\":\\\"b\\\"}\\n\"}",
        b"{\"TimeGenerated\":\"1\",\"log_s\":\"2\",\"x\":\"3\"}",
        b"{\"TimeGenerated\":\"5\"}",
    ];
    assert_eq!(lines, expected);
    for plain in [
        "timestamp,words\n1,message\n",
        "message\nx\n",
        "x,time\n{\"auditID\":1,\"x\":2}\n",
        "",
        "{\"log_s\":1,\"x\":2}\n",
        "a,b\n1,2\n",
        "log_s\n1\n",
        "x",
    ] {
        assert!(!is_csv(plain.as_bytes()), "{plain}");
    }
}

#[test]
fn a_column_of_records_is_found_by_its_name_or_by_its_first_cell() {
    let event = "\"{\"\"kind\"\":\"\"Event\"\",\"\"auditID\"\":\"\"a\"\"}\"";
    for (csv, expected) in [
        ("timestamp,message\n1,x\n".to_owned(), Some(("message", 1))),
        ("\u{feff}\"Date\",\"Host\",\"Message\"\r\n1,h,x\r\n".to_owned(), Some(("message", 2))),
        ("Line,Time,message\nx,1,y\n".to_owned(), Some(("message", 2))),
        (format!("Line,Time,message\n{event},1,y\n"), Some(("line", 0))),
        (format!("a,payload\n1,{event}\n"), Some(("message", 1))),
        (format!("a,payload\n1,{}", &event[..35]), Some(("message", 1))),
        (format!("_raw\n{event}\n"), Some(("_raw", 0))),
        (format!("a,b\n1,2,{event}\n"), None),
        (format!("time,message\n1,2,3\n1,{event}\n"), Some(("message", 1))),
        ("a,b\n1,\"{\"\"auditID\"\":1}\"\n".to_owned(), None),
        ("message,host\nx,y\n".to_owned(), None),
        ("auditID,log,_raw,sourceIPs{}\na,b,c,d\n".to_owned(), Some(("_raw", 2))),
        ("auditID,kind,message,time\na,b,c,d\n".to_owned(), Some(("message", 2))),
        (
            "I0619 08:07:21.502238 1 a.go:1] x\n{\"auditID\":\"a\",\"apiVersion\":\"audit.k8s.io/v1\"}\n"
                .to_owned(),
            None,
        ),
    ] {
        let column = text_column(csv.as_bytes(), b',');
        assert_eq!(
            (column, is_csv(csv.as_bytes())),
            (expected.map(|(_, at)| at), expected.is_some()),
            "{csv}"
        );
        if let Some((name, at)) = expected {
            let mut header = AnyRows::new(csv.as_bytes(), b',');
            header.next_row().unwrap();
            assert_eq!(named(header.names(), column)[at], quoted(name), "{csv}");
        }
    }
}

#[test]
fn what_stands_between_cells_is_told_by_the_header() {
    let layout = |before, delimiter, text| Some(Layout { before, delimiter, text });
    for (csv, expected) in [
        ("TimeGenerated;x,AuditId\n", layout(0, b',', None)),
        ("TimeGenerated;AuditId;Verb\n", layout(0, b';', None)),
        ("\u{feff}\"TimeGenerated [UTC]\"\tAuditId\r\n", layout(0, b'\t', None)),
        ("sep=;\r\nTimeGenerated;log_s\r\n", layout(7, b';', None)),
        ("\u{feff}sep=\t\nTimeGenerated\tlog_s\n", layout(9, b'\t', None)),
        ("#TYPE System.Object\r\n\"a\",\"AuditId\"\r\n", layout(21, b',', None)),
        ("time\tlog\n", layout(0, b'\t', None)),
        ("time;message\n1;x\n", layout(0, b';', Some(1))),
        ("_raw\thost\nx\ty\n", layout(0, b'\t', Some(0))),
        ("a;payload\n1;\"{\"\"auditID\"\":1,\"\"x\"\":2}\"\n", layout(0, b';', Some(1))),
        // Lines of logs.
        ("2026-11-22T10:00:00Z\tlog\twords\n", None),
        ("2026-11-22T10:00:00Z\tlog\t{\"auditID\":1,\"x\":2}\n", None),
        ("2026-11-22T10:00:00Z\tx\n2026-11-22T10:00:00Z\t{\"auditID\":1,\"x\":2}\n", None),
        ("I0619 08:07:21.502238 1 a.go:1] message; time\nx;y\n", None),
        ("NAME\tREADY\tmessage\nx\ty\tz\n", None),
        ("time=1;message=x\n", None),
        ("sep=;\n", None),
    ] {
        assert_eq!(Layout::of(csv.as_bytes()), expected, "{csv}");
    }
}

#[test]
fn rows_between_semicolons_and_tabs_are_the_same() {
    let comma = "\u{feff}sep=,\r\ntime,log_s,x\r\n1,\"{\"\"a\"\":\"\"b\"\"}\",\r\n2,c";
    let expected = opened(comma.as_bytes());
    assert_eq!(
        String::from_utf8_lossy(&expected.0.join(&b'\n')),
        "{\"time\":\"1\",\"log_s\":\"{\\\"a\\\":\\\"b\\\"}\"}\n{\"time\":\"2\",\"log_s\":\"c"
    );
    for delimiter in [";", "\t"] {
        assert_eq!(opened(comma.replace(',', delimiter).as_bytes()), expected);
    }
}
