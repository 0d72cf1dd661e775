//! CSV as consoles and portals export it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::{ByteRecord, ReaderBuilder};

use super::Rows;
use crate::decode::fields::quoted;
use crate::decode::strings::quote;

/// The longest row in bytes, as stored. An open quote must not gather the rest of the file.
const LONGEST: usize = 64 << 20;

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
pub(in crate::decode) struct CsvRows<R> {
    rows: csv::Reader<Metered<R>>,
    /// Bytes read since the last row.
    read: Arc<AtomicUsize>,
    /// The columns, as JSON strings.
    columns: Option<Vec<String>>,
    record: ByteRecord,
}

/// A column's name without quotes, spaces, and the zone that Azure's portal writes behind a time's.
fn column(name: &str) -> &str {
    let name = name.trim_start_matches('\u{feff}').trim_matches(['"', ' ', '\r', '\t']);
    name.strip_suffix(" [UTC]").unwrap_or(name)
}

impl<R: Read> CsvRows<R> {
    pub(in crate::decode) fn new(reader: R) -> Self {
        let read = Arc::new(AtomicUsize::new(0));
        let reader = Metered { reader, read: Arc::clone(&read) };
        let rows = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { rows, read, columns: None, record: ByteRecord::new() }
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        let start = json.len();
        while json.len() == start {
            self.read.store(0, Ordering::Relaxed);
            if !self.rows.read_byte_record(&mut self.record).map_err(io::Error::from)? {
                return Ok(false);
            }
            let cells = self.record.iter().map(String::from_utf8_lossy);
            let Some(columns) = &self.columns else {
                self.columns = Some(cells.map(|name| quoted(column(&name))).collect());
                continue;
            };
            for (name, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                json.push(if json.len() == start { b'{' } else { b',' });
                json.extend_from_slice(name.as_bytes());
                json.push(b':');
                quote(&cell, json);
            }
        }
        json.push(b'}');
        Ok(true)
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
            let message =
                format!("a CSV row is longer than {LONGEST} bytes, or has a quote that is not closed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_lines() {
        let csv = "\u{feff}TimeGenerated [UTC],\"log_s\",x\r\n2026,\"{\"\"a\"\":\"\"b\"\"}\n\",\r\n,,\n1,2,3,4\n5\n";
        assert!(is_csv(csv.as_bytes()));
        let mut rows = CsvRows::new(csv.as_bytes());
        let mut lines = Vec::new();
        loop {
            let mut json = Vec::new();
            if !rows.next_row(&mut json).unwrap() {
                break;
            }
            lines.push(String::from_utf8(json).unwrap());
        }
        let expected = [
            "{\"TimeGenerated\":\"2026\",\"log_s\":\"{\\\"a\\\":\\\"b\\\"}\\n\"}",
            "{\"TimeGenerated\":\"1\",\"log_s\":\"2\",\"x\":\"3\"}",
            "{\"TimeGenerated\":\"5\"}",
        ];
        assert_eq!(lines, expected);
        for plain in ["", "{\"log_s\":1,\"x\":2}\n", "a,b\n1,2\n", "log_s\n1\n", "x"] {
            assert!(!is_csv(plain.as_bytes()), "{plain}");
        }
    }
}
