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

/// Columns that hold a record as text, in tables that log stores of all kinds export; a header has to name a time too.
const TEXT_COLUMNS: [&str; 6] = [RAW, "message", "event.original", "line", "_source", "@message"];
const TIME_COLUMNS: [&str; 8] =
    ["timestamp", "@timestamp", "_time", "time", "date", "tsns", "_messagetime", "_indextime"];

/// Splunk's and Sumo Logic's own, whatever else is there.
const RAW: &str = "_raw";

/// Columns with fields that were taken out of records, by which a row would be taken for the record itself.
const MARKS: [&str; 3] = ["auditID", "kind", "apiVersion"];

/// What a text column is called whose name says nothing.
const MESSAGE: &str = "message";

/// The longest header of such a table.
const LONGEST_HEADER: usize = 32 << 10;

/// Whether a file begins with the header of a table of audit records, or of one that has them as text.
pub(in crate::decode) fn is_csv(head: &[u8]) -> bool {
    is_known_table(head) || text_column(head).is_some()
}

fn is_known_table(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if matches!(head.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(0)];
    let names = std::str::from_utf8(line).unwrap_or_default().split(',');
    // `auditID`, as Kubernetes writes it, is a field that a log store took out of a record.
    let is_known =
        |name: &str| name != MARKS[0] && COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let names = names.map(column);
    names.clone().count() > 1 && !names.clone().any(|name| name == RAW) && names.into_iter().any(is_known)
}

/// The number of the column that holds records, in a table that is known by nothing else: that whose first cell looks like
/// an Event, or one with a name of [`TEXT_COLUMNS`].
fn text_column(head: &[u8]) -> Option<usize> {
    let line = &head[..memchr::memchr(b'\n', head)?];
    // Splunk writes `{}` behind the name of a list.
    let in_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_.-@ ,\"()[]/:\r{}".contains(byte);
    let are_names = !line.starts_with(b"{") && line.windows(2).all(|pair| pair[0] != b'{' || pair[1] == b'}');
    if line.len() > LONGEST_HEADER || !line.iter().all(in_name) || !are_names {
        return None;
    }
    // A cell with a quote in it stands in quotes: a line of JSON is no row, and what is before it no header.
    if head[line.len() + 1..].trim_ascii_start().starts_with(b"{\"") {
        return None;
    }
    let mut rows = AnyRows::new(head);
    rows.next_row().ok().filter(|more| *more)?;
    let names: Vec<String> =
        rows.record.iter().map(|name| column(&String::from_utf8_lossy(name)).to_owned()).collect();
    if let Some(raw) = names.iter().position(|name| name == RAW) {
        return Some(raw);
    }
    let row = rows.next_row().ok()?;
    if rows.record.len() > names.len() {
        return None;
    }
    let told = row.then(|| rows.record.iter().position(looks_like_event)).flatten();
    let is_in = |known: &[&str], name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let by_name = || {
        let has_time = names.iter().any(|name| is_in(&TIME_COLUMNS, name));
        let mut texts = TEXT_COLUMNS.iter().filter(|_| has_time);
        texts.find_map(|text| names.iter().position(|name| is_in(&[text], name)))
    };
    told.or_else(by_name)
}

/// Whether a cell holds what only an audit record has, or the begin of it. One with a comma stands in quotes: a line of
/// JSON is no row.
fn looks_like_event(cell: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"\"auditID\"", b"\"audit.k8s.io/"];
    cell.trim_ascii_start().starts_with(b"{")
        && cell.contains(&b',')
        && marks.iter().any(|mark| memchr::memmem::find(cell, mark).is_some())
}

/// The rows, without those that have no value at all.
pub(in crate::decode) struct CsvRows {
    rows: Reader,
    /// The column that holds records, where the header names no known table.
    text: Option<usize>,
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
    /// The rows of a file that begins so.
    pub(in crate::decode) fn new(reader: Whole, head: &[u8]) -> Self {
        let text = if is_known_table(head) { None } else { text_column(head) };
        Self { rows: Reader::Usual(UsualRows::new(reader)), text, columns: None }
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
                        self.columns = Some(named(header.names(), self.text));
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
                        None => self.columns = Some(named(any.names(), self.text)),
                    }
                }
            }
        }
        Ok(true)
    }
}

/// The columns, with the name that containers know for the one that holds records, and none that is taken for a record's.
fn named(mut columns: Vec<String>, text: Option<usize>) -> Vec<String> {
    if text.is_some() {
        let marks = MARKS.map(quoted);
        columns
            .iter_mut()
            .filter(|name| marks.contains(name))
            .for_each(|name| *name = name.replacen('"', "\"column ", 1));
    }
    if let Some(column) = text.and_then(|text| columns.get_mut(text)) {
        let mut known = TEXT_COLUMNS.iter().map(|known| quoted(known));
        let known = known.find(|known| known.eq_ignore_ascii_case(column));
        *column = known.unwrap_or_else(|| quoted(MESSAGE));
    }
    columns
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
        let mut rows = CsvRows::new(Box::new(io::Cursor::new(csv.to_vec())), b"");
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
            let column = text_column(csv.as_bytes());
            assert_eq!(
                (column, is_csv(csv.as_bytes())),
                (expected.map(|(_, at)| at), expected.is_some()),
                "{csv}"
            );
            if let Some((name, at)) = expected {
                let mut header = AnyRows::new(csv.as_bytes());
                header.next_row().unwrap();
                assert_eq!(named(header.names(), column)[at], quoted(name), "{csv}");
            }
        }
    }
}
