use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn rows(text: &str) -> Vec<String> {
    rows_of(&format!("---\n{text}"))
}

fn rows_of(text: &str) -> Vec<String> {
    let mut rows = YamlRows::open(Box::new(Cursor::new(text.as_bytes().to_vec()))).unwrap();
    let mut all = Vec::new();
    let mut json = Vec::new();
    while rows.next_row(&mut json).unwrap() {
        all.push(String::from_utf8(std::mem::take(&mut json)).unwrap());
    }
    assert!(json.is_empty());
    all
}

#[test]
fn documents_are_records() {
    let text = "# said before\n---\na: 1\nb:\n- c\n- d\n---\n# nothing\n---\na: 2\n...\n%YAML 1.2\n--- # three\na: 3\n--- {a: 4}\n";
    assert_eq!(rows(text), [r#"{"a":1,"b":["c","d"]}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":4}"#]);
    assert_eq!(rows("a: 1\r\nb:\r\n  c: 2\r\n---\r\na: 2\r\n"), [r#"{"a":1,"b":{"c":2}}"#, r#"{"a":2}"#]);
}

#[test]
fn elements_of_a_list_are_records() {
    let elements = [r#"{"a":1,"b":["c"]}"#, r#"{"a":2}"#, r#"[{"field":"x"}]"#];
    let list = "- a: 1\n  b:\n  - c\n\n# between\n- a: 2\n- - field: x\n";
    assert_eq!(rows(list), elements);
    let indented: String = list.lines().map(|line| format!("  {line}\n")).collect();
    assert_eq!(rows(&indented), elements);
    for list in [list, &indented] {
        let answer = format!("events:\n{list}nextToken: x\nsearchedLogStreams: []\n---\na: 3\n");
        assert_eq!(rows(&answer), [&elements[..], &[r#"{"a":3}"#]].concat(), "{answer}");
    }
}

#[test]
fn an_object_whose_list_is_not_first_stays_whole() {
    let text = "apiVersion: audit.k8s.io/v1\nitems:\n- a: 1\n- a: 2\nkind: EventList\n";
    assert_eq!(
        rows(text),
        [r#"{"apiVersion":"audit.k8s.io/v1","items":[{"a":1},{"a":2}],"kind":"EventList"}"#]
    );
    assert_eq!(rows("events: 5\na: 1\n"), [r#"{"events":5,"a":1}"#]);
    assert_eq!(rows("events:\na: 1\n"), [r#"{"events":null,"a":1}"#]);
}

#[test]
fn a_record_that_cannot_be_read_costs_no_other() {
    assert_eq!(
        rows("---\na: 1\nb: 'c\n---\na: 2\n---\n: :\n\tx\n---\na: 3\n"),
        [r#"{"a":1,"b":"#, r#"{"a":2}"#, r#"{"~":{"~":"#, r#"{"a":3}"#]
    );
    assert_eq!(
        rows("- a: 1\n  b: [\n- a: 2\nWARNING\n- a: 3\n"),
        [r#"{"a":1,"b":["#, r#"{"a":2}"#, "\"", r#"{"a":3}"#]
    );
}

#[test]
fn a_text_alone_is_not_kept() {
    assert_eq!(rows("---\nof a secret\n---\n- of one\n- a: 1\n- 5\n"), ["\"", "\"", r#"{"a":1}"#, "5"]);
}

/// What is left of a key can be all that said what a value is.
#[test]
fn a_first_record_whose_begin_may_be_elsewhere_is_known_or_not_kept() {
    assert_eq!(rows_of("ingData:\n  password: x\n---\na: 1\n"), ["\"", r#"{"a":1}"#]);
    assert_eq!(rows_of("\u{feff}---\na: 1\n"), [r#"{"a":1}"#]);
    assert_eq!(rows_of("\u{feff}auditID: x\n---\na: 1\n"), [r#"{"auditID":"x"}"#, r#"{"a":1}"#]);
}

#[test]
fn known_records_are_told_from_others() {
    for text in [
        "---\ninsertId: a\nlabels: {}\nlogName: projects/p/logs/x\n",
        "insertId: a\nlogName: projects/p/logs/x\ntextPayload: no audit log\n",
        "# gcloud\n\n---\ninsertId: a\nlogName: x\n",
        "events:\n- eventId: '1'\n  message: '{}'\n  timestamp: 17\n",
        "results:\n- - field: '@message'\n    value: '{}'\n",
        "- Category: kube-audit\n  log_s: '{}'\n",
        "- AuditId: a\n  Verb: get\n",
        "auditID: x\nverb: get\nlevel: Met",
        "  of a value\ntimestamp: '1'\n---\ninsertId: a\nlogName: x\n",
        "apiVersion: audit.k8s.io/v1\nitems:\n- auditID: x\nkind: EventList\n",
    ] {
        assert!(is_yaml(text.as_bytes()), "{text}");
    }
    for text in [
        "",
        "---\n",
        "{\"auditID\": 1}\n",
        "[{\"auditID\": 1}]\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n",
        "I0101 00:00:00.000000       1 main.go:1] auditID: x\n",
        "Nov 30 23:12:01 host audit: auditID\n",
        "2026-11-01T00:00:00Z {\"auditID\":\"x\"}\n",
        "auditID,verb\n1,get\n",
        "- one\n- two\n",
        "message: hello\n",
    ] {
        assert!(!is_yaml(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_record_longer_than_the_head_is_known_by_its_begin() {
    let text = format!("---\ninsertId: a\nlogName: x\nprotoPayload:\n  request: {}", "long ".repeat(20_000));
    assert!(is_yaml(&text.as_bytes()[..64 << 10]));
}

proptest! {
    /// Lines that are told by how they begin are in the record that all of them together say.
    #[test]
    fn records_end_where_their_lines_say(text in "[a#.\\- \n]{0,60}", column in prop::option::of(0_usize..3), is_end: bool) {
        let is_next = |line: &Line| column.is_some_and(|column| line.column <= column);
        let ends = |line: &Line| match line.kind {
            Kind::Blank => false,
            Kind::Marker { .. } => true,
            Kind::Dash | Kind::Other => is_next(line),
        };
        let (mut length, mut is_first) = (0, true);
        let next = Line::all(text.as_bytes(), is_end).find(|line| {
            let is_next = !std::mem::take(&mut is_first) && ends(line);
            length += if is_next { 0 } else { line.length };
            is_next
        });
        let expected = if next.is_some() || is_end { Part::Record(length) } else { Part::More };
        prop_assert_eq!(record(text.as_bytes(), is_end, column, is_next), expected);
    }

    /// However a document is broken, its neighbours are what they are alone.
    #[test]
    fn what_stands_beside_a_record_changes_nothing(parts in prop::collection::vec("[a-c: \n'\"|>\\[\\]{}&*!-]{0,20}", 0..5)) {
        let text: String = parts.iter().map(|part| format!("---\nmark: x\n---\n{part}\n")).collect();
        let rows = rows(&text);
        let marks = rows.iter().filter(|row| *row == r#"{"mark":"x"}"#).count();
        prop_assert!(marks == parts.len(), "{rows:?}");
    }

    #[test]
    fn any_bytes_are_read_to_their_end(bytes: Vec<u8>) {
        let mut rows = YamlRows::open(Box::new(Cursor::new(bytes))).unwrap();
        let mut json = Vec::new();
        while rows.next_row(&mut json).unwrap() {}
    }
}

#[test]
fn a_last_record_that_was_cut_is_one_without_its_end() {
    assert_eq!(rows("---\na: 1\nb: secr"), [r#"{"a":1,"b":"secr"#]);
    assert_eq!(rows("- a: 1\n- a: 1\n  b: 5"), [r#"{"a":1}"#, r#"{"a":1,"b":"5"#]);
    assert_eq!(rows("- a: 1\n  b: '5'"), [r#"{"a":1,"b":"5""#]);
}
