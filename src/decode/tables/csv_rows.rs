//! CSV as consoles and portals export it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::{ByteRecord, ReaderBuilder};

/// The longest row in bytes, as stored. An open quote must not gather the rest of the file.
const LONGEST: usize = 64 << 20;

/// The rows as lines of JSON.
pub(super) struct CsvRows<R> {
    rows: csv::Reader<Metered<R>>,
    /// Bytes read since the last row.
    read: Arc<AtomicUsize>,
    /// The columns, as JSON strings.
    columns: Option<Vec<String>>,
    record: ByteRecord,
    line: Vec<u8>,
    at: usize,
}

/// A column's name without quotes, spaces, and the zone that Azure's portal writes behind a time's.
pub(super) fn column(name: &str) -> &str {
    let name = name.trim_start_matches('\u{feff}').trim_matches(['"', ' ', '\r', '\t']);
    name.strip_suffix(" [UTC]").unwrap_or(name)
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(reader: R) -> Self {
        let read = Arc::new(AtomicUsize::new(0));
        let reader = Metered { reader, read: Arc::clone(&read) };
        let rows = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { rows, read, columns: None, record: ByteRecord::new(), line: Vec::new(), at: 0 }
    }

    /// Fills the line with the next row; leaves it empty at the end.
    fn next_line(&mut self) -> io::Result<()> {
        self.line.clear();
        self.at = 0;
        while self.line.is_empty() {
            self.read.store(0, Ordering::Relaxed);
            if !self.rows.read_byte_record(&mut self.record).map_err(io::Error::from)? {
                return Ok(());
            }
            let cells = self.record.iter().map(String::from_utf8_lossy);
            let Some(columns) = &self.columns else {
                self.columns = Some(cells.map(|name| quoted(column(&name))).collect());
                continue;
            };
            for (name, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                self.line.push(if self.line.is_empty() { b'{' } else { b',' });
                self.line.extend_from_slice(name.as_bytes());
                self.line.push(b':');
                serde_json::to_writer(&mut self.line, &cell)?;
            }
            if !self.line.is_empty() {
                self.line.extend_from_slice(b"}\n");
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<R: Read> Read for CsvRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.next_line()?;
        }
        let length = buffer.len().min(self.line.len() - self.at);
        buffer[..length].copy_from_slice(&self.line[self.at..self.at + length]);
        self.at += length;
        Ok(length)
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
        let mut text = String::new();
        super::super::rows(Box::new(csv.as_bytes())).read_to_string(&mut text).unwrap();
        let expected = "{\"TimeGenerated\":\"2026\",\"log_s\":\"{\\\"a\\\":\\\"b\\\"}\\n\"}\n\
                        {\"TimeGenerated\":\"1\",\"log_s\":\"2\",\"x\":\"3\"}\n{\"TimeGenerated\":\"5\"}\n";
        assert_eq!(text, expected);
        for plain in ["", "{\"log_s\":1,\"x\":2}\n", "a,b\n1,2\n", "log_s\n1\n", "x"] {
            let mut text = String::new();
            super::super::rows(Box::new(plain.as_bytes())).read_to_string(&mut text).unwrap();
            assert_eq!(text, plain);
        }
    }
}
