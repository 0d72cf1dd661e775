//! CSV as consoles and portals export it.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::csv_usual::UsualRows;
use super::{Rows, damaged};
use crate::decode::decompress::Whole;
use crate::decode::fields::quoted;
use crate::decode::strings::quote;

/// The longest row in bytes, as stored. An open quote must not gather the rest of the file.
pub(super) const LONGEST: usize = 64 << 20;

/// Columns of which a table of audit records has at least one.
const COLUMNS: [&str; 7] =
    ["@message", "log_s", "RawEvent", "AuditId", "ProtoPayload", "protopayload_auditlog", "log"];

/// Whether a file begins with a header that names such columns.
pub(in crate::decode) fn is_csv(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if matches!(head.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(0)];
    let names = std::str::from_utf8(line).unwrap_or_default().split(',');
    let is_known = |name: &str| COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(column(name)));
    names.clone().count() > 1 && names.into_iter().any(is_known)
}

/// The rows, without those that have no value at all.
pub(in crate::decode) struct CsvRows {
    rows: Reader,
    /// The columns, as JSON strings.
    columns: Option<Vec<String>>,
}

enum Reader {
    Usual(UsualRows),
    /// From the first row on that is not usual.
    Any(AnyRows<Whole>),
}

/// A column's name without quotes, spaces, and the zone that Azure's portal writes behind a time's.
fn column(name: &str) -> &str {
    let name = name.trim_start_matches('\u{feff}').trim_matches(['"', ' ', '\r', '\t']);
    name.strip_suffix(" [UTC]").unwrap_or(name)
}

impl CsvRows {
    pub(in crate::decode) fn new(reader: Whole) -> Self {
        Self { rows: Reader::Usual(UsualRows::new(reader)), columns: None }
    }
}

impl Rows for CsvRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        let start = json.len();
        while json.len() == start {
            match &mut self.rows {
                Reader::Usual(usual) => match usual.next_row(self.columns.as_deref(), json)? {
                    Some(row) if self.columns.is_none() => {
                        let mut header = AnyRows::new(row);
                        header.next_row()?;
                        self.columns = Some(header.names());
                    }
                    Some(_) => {}
                    None => self.rows = Reader::Any(AnyRows::new(usual.rest())),
                },
                Reader::Any(any) => {
                    if !any.next_row()? {
                        return Ok(false);
                    }
                    match &self.columns {
                        Some(columns) => any.write(columns, json),
                        None => self.columns = Some(any.names()),
                    }
                }
            }
        }
        Ok(true)
    }
}

/// Rows as a reader of CSV of any kind has them.
struct AnyRows<R> {
    rows: csv::Reader<Metered<R>>,
    record: ByteRecord,
}

impl<R: Read> AnyRows<R> {
    fn new(reader: R) -> Self {
        let reader = Metered { reader, read: 0, is_end: false, is_quote_open: false };
        let rows = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { rows, record: ByteRecord::new() }
    }

    fn next_row(&mut self) -> io::Result<bool> {
        self.rows.get_mut().read = 0;
        self.rows.read_byte_record(&mut self.record).map_err(io::Error::from)
    }

    /// The row's cells as the names of columns.
    fn names(&self) -> Vec<String> {
        self.record.iter().map(|name| quoted(column(&String::from_utf8_lossy(name)))).collect()
    }

    /// Writes the cells that have a value, as an object. Of a row that was cut it is a cut object, which ends inside the
    /// value of the last cell.
    fn write(&self, columns: &[String], json: &mut Vec<u8>) {
        let start = json.len();
        for (name, cell) in columns.iter().zip(&self.record).filter(|(_, cell)| !cell.is_empty()) {
            json.push(if json.len() == start { b'{' } else { b',' });
            json.extend_from_slice(name.as_bytes());
            json.push(b':');
            quote(&String::from_utf8_lossy(cell), json);
        }
        if json.len() == start {
            return;
        }
        if !self.is_cut(columns.len()) {
            json.push(b'}');
        } else if self.record.iter().next_back().is_some_and(|cell| !cell.is_empty()) {
            json.pop();
        }
    }

    /// Whether the row ends where the text does, before its last cell or inside quotes.
    fn is_cut(&self, columns: usize) -> bool {
        let text = self.rows.get_ref();
        let cells = self.record.len();
        text.is_end && (cells < columns || cells == columns && text.is_quote_open)
    }
}

/// Counts what it reads, and refuses more than a row may have.
struct Metered<R> {
    reader: R,
    /// Bytes since the last row.
    read: usize,
    /// There is no more. A row that has an end of its own is given before this is known.
    is_end: bool,
    /// Quotes come in pairs, also those that stand for one in a cell.
    is_quote_open: bool,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read += read;
        self.is_end |= read == 0;
        self.is_quote_open ^= memchr::memchr_iter(b'"', &buffer[..read]).count() % 2 == 1;
        if self.read > LONGEST { Err(too_long()) } else { Ok(read) }
    }
}

pub(super) fn too_long() -> io::Error {
    damaged(&format!("a CSV row is longer than {LONGEST} bytes, or has a quote that is not closed"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rows as they are read when none is usual.
    fn slowly(csv: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut rows = AnyRows::new(csv);
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

    fn read(csv: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut rows = CsvRows::new(Box::new(io::Cursor::new(csv.to_vec())));
        let mut lines = Vec::new();
        loop {
            let mut json = Vec::new();
            match rows.next_row(&mut json) {
                Ok(true) => lines.push(json),
                ended => return (lines, ended.is_ok()),
            }
        }
    }

    fn csv() -> impl Strategy<Value = Vec<u8>> {
        let cell = prop_oneof![
            4 => "[a-z {}\\\\:\u{e9}]{0,20}".prop_map(String::into_bytes),
            6 => "([a-z,\n\r\t\u{e9}\\\\]|\"\"){0,40}".prop_map(|text| format!("\"{text}\"").into_bytes()),
            1 => "[a-z\"\u{feff}]{0,6}".prop_map(String::into_bytes),
            1 => Just(b"\"\xff\"".to_vec()),
        ];
        let end = prop_oneof![8 => Just("\n"), 4 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just("")];
        let row = (prop::collection::vec(cell, 0..4), end)
            .prop_map(|(cells, end)| [&cells.join(&b','), end.as_bytes()].concat());
        (any::<bool>(), prop::collection::vec(row, 0..6)).prop_map(|(mark, rows)| {
            [if mark { "\u{feff}".as_bytes() } else { b"" }, &rows.concat()].concat()
        })
    }

    proptest! {
        #[test]
        fn usual_rows_are_as_any_are(csv in csv()) {
            prop_assert_eq!(read(&csv), slowly(&csv));
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
            let (lines, whole) = read(format!("log_s,x,y\n4,5,6\n{last}").as_bytes());
            assert!(whole && lines.len() == 2, "{last}");
            assert_eq!(String::from_utf8_lossy(&lines[1]), expected, "{last}");
        }
    }

    #[test]
    fn rows_become_lines() {
        let csv = "\u{feff}TimeGenerated [UTC],\"log_s\",x\r\n2026,\"{\"\"a\"\":\"\"b\"\"}\n\",\r\n,,\n1,2,3,4\n5\n";
        assert!(is_csv(csv.as_bytes()));
        let (lines, whole) = read(csv.as_bytes());
        assert!(whole);
        let expected: [&[u8]; 3] = [
            b"{\"TimeGenerated\":\"2026\",\"log_s\":\"{\\\"a\\\":\\\"b\\\"}\\n\"}",
            b"{\"TimeGenerated\":\"1\",\"log_s\":\"2\",\"x\":\"3\"}",
            b"{\"TimeGenerated\":\"5\"}",
        ];
        assert_eq!(lines, expected);
        for plain in ["", "{\"log_s\":1,\"x\":2}\n", "a,b\n1,2\n", "log_s\n1\n", "x"] {
            assert!(!is_csv(plain.as_bytes()), "{plain}");
        }
    }
}
