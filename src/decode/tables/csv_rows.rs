//! CSV as consoles and portals export it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// Bytes read since the last row.
    read: Arc<AtomicUsize>,
    record: ByteRecord,
}

impl<R: Read> AnyRows<R> {
    fn new(reader: R) -> Self {
        let read = Arc::new(AtomicUsize::new(0));
        let reader = Metered { reader, read: Arc::clone(&read) };
        let rows = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { rows, read, record: ByteRecord::new() }
    }

    fn next_row(&mut self) -> io::Result<bool> {
        self.read.store(0, Ordering::Relaxed);
        self.rows.read_byte_record(&mut self.record).map_err(io::Error::from)
    }

    /// The row's cells as the names of columns.
    fn names(&self) -> Vec<String> {
        self.record.iter().map(|name| quoted(column(&String::from_utf8_lossy(name)))).collect()
    }

    fn write(&self, columns: &[String], json: &mut Vec<u8>) {
        let start = json.len();
        for (name, cell) in columns.iter().zip(&self.record).filter(|(_, cell)| !cell.is_empty()) {
            json.push(if json.len() == start { b'{' } else { b',' });
            json.extend_from_slice(name.as_bytes());
            json.push(b':');
            quote(&String::from_utf8_lossy(cell), json);
        }
        if json.len() > start {
            json.push(b'}');
        }
    }
}

/// Counts what it reads, and refuses more than a row may have.
struct Metered<R> {
    reader: R,
    read: Arc<AtomicUsize>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if self.read.fetch_add(read, Ordering::Relaxed) + read > LONGEST {
            return Err(too_long());
        }
        Ok(read)
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
