//! CSV as consoles and portals export it, with commas, semicolons or tabs between cells.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::csv_usual::UsualRows;
use super::header::{self, column, has_time, is_known, is_known_by_log, looks_like_event, named};
use super::window::{LONGEST, MARK};
use super::{Rows, damaged};
use crate::decode::containers::flattened;
use crate::decode::decompress::Whole;
use crate::decode::fields::quoted;
use crate::decode::strings::quote;

/// What stands between cells, in the order in which a header is read with them: the semicolon is Excel's where a comma
/// stands in numbers, tabs are its "Unicode text" and the TSV of other tools.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// What a line before the header begins with: Excel's `sep=;`, and the type that PowerShell 5's `Export-Csv` names.
const FOR_PROGRAMS: [&[u8]; 2] = [b"sep=", b"#TYPE "];

/// The longest header of a table that is known by a text column.
const LONGEST_HEADER: usize = 32 << 10;

/// Rows of which one has to fit the header of such a table.
const LOOKED_AT: usize = 4;

/// Whether a file begins with the header of a table of audit records, or of one that has them as text.
pub(in crate::decode) fn is_csv(head: &[u8]) -> bool {
    Layout::of(head).is_some()
}

/// What a file's header tells of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Bytes before it.
    before: usize,
    /// What stands between cells.
    delimiter: u8,
    /// The column that holds records, where the header names no known table.
    text: Option<usize>,
}

impl Layout {
    const COMMAS: Self = Self { before: 0, delimiter: DELIMITERS[0], text: None };

    fn of(head: &[u8]) -> Option<Self> {
        let before = line_for_programs(head);
        let head = &head[before..];
        let head = head.strip_prefix(MARK).unwrap_or(head);
        let line = &head[..memchr::memchr(b'\n', head).unwrap_or(0)];
        // A line of one cell is a header with commas, or none.
        let mut delimiters = DELIMITERS.into_iter().filter(|byte| *byte == b',' || line.contains(byte));
        delimiters.find_map(|delimiter| {
            let is_table = is_known_table(head, delimiter);
            let text = if is_table { None } else { text_column(head, delimiter) };
            let is_known = is_table || text.is_some() || is_flattened_table(line, delimiter);
            is_known.then_some(Self { before, delimiter, text })
        })
    }
}

/// The length of a line that says something of the file, with the mark before it.
fn line_for_programs(head: &[u8]) -> usize {
    let line = &head[..memchr::memchr(b'\n', head).map_or(0, |end| end + 1)];
    let text = line.strip_prefix(MARK).unwrap_or(line);
    if FOR_PROGRAMS.iter().any(|begin| text.starts_with(begin)) { line.len() } else { 0 }
}

fn is_known_table(head: &[u8], delimiter: u8) -> bool {
    if matches!(head.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(0)];
    let names = names(line, delimiter);
    // Lines of a log have tabs and semicolons as well, and between them a tag such as `log`.
    let is_header = || are_names(line, delimiter) && (has_time(&names) || !is_known_by_log(&names));
    names.len() > 1 && is_known(&names) && (delimiter == b',' || is_header())
}

/// Whether a header names fields that were flattened.
fn is_flattened_table(line: &[u8], delimiter: u8) -> bool {
    line.len() <= LONGEST_HEADER && are_names(line, delimiter) && flattened::is_table(&names(line, delimiter))
}

fn names(line: &[u8], delimiter: u8) -> Vec<&str> {
    std::str::from_utf8(line).unwrap_or_default().split(char::from(delimiter)).map(column).collect()
}

/// Whether a line can be the names of columns. Splunk writes `{}` behind the name of a list.
fn are_names(line: &[u8], delimiter: u8) -> bool {
    let in_name = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || *byte == delimiter
            || b"_.-@ ,\"()[]/:\r{}".contains(byte)
    };
    line.iter().all(in_name)
        && !line.starts_with(b"{")
        && line.windows(2).all(|pair| pair[0] != b'{' || pair[1] == b'}')
}

/// The number of the column that holds records, in a table that is known by nothing else: that whose first cell looks like
/// an Event, or one with the name of a text.
fn text_column(head: &[u8], delimiter: u8) -> Option<usize> {
    let line = &head[..memchr::memchr(b'\n', head)?];
    if line.len() > LONGEST_HEADER || !are_names(line, delimiter) {
        return None;
    }
    // A cell with a quote in it stands in quotes: a line of JSON is no row, and what is before it no header.
    let body = &head[line.len() + 1..];
    if body.trim_ascii_start().starts_with(b"{\"") {
        return None;
    }
    let mut rows = AnyRows::new(head, delimiter);
    rows.next_row().ok().filter(|more| *more)?;
    let names: Vec<String> =
        rows.record.iter().map(|name| column(&String::from_utf8_lossy(name)).to_owned()).collect();
    if let Some(raw) = header::raw_column(&names) {
        return Some(raw);
    }
    // Any row can have a cell too many.
    let mut row = false;
    for _ in 0..LOOKED_AT {
        row = rows.next_row().ok()?;
        if rows.record.len() <= names.len() {
            break;
        }
    }
    if rows.record.len() > names.len() {
        return None;
    }
    // An Event has commas, so that one in a cell between commas stands in quotes. Between tabs, `TIME TAG EVENT` is how
    // Fluentd writes it without any.
    let quoted = [delimiter, b'"', b'{'];
    let is_quoted = || body.starts_with(&quoted[1..]) || memchr::memmem::find(body, &quoted).is_some();
    let told = row.then(|| rows.record.iter().position(looks_like_event)).flatten();
    told.filter(|_| delimiter == b',' || is_quoted()).or_else(|| header::text_column(&names))
}

/// The rows, without those that have no value at all.
pub(in crate::decode) struct CsvRows {
    rows: Reader,
    layout: Layout,
    /// The columns, as JSON strings.
    columns: Option<Vec<String>>,
}

enum Reader {
    Usual(UsualRows),
    /// From the first row on that is not usual.
    Any(AnyRows<Whole>),
}

impl CsvRows {
    /// The rows of a file that begins so.
    pub(in crate::decode) fn open(mut reader: Whole, head: &[u8]) -> io::Result<Self> {
        let layout = Layout::of(head).unwrap_or(Layout::COMMAS);
        io::copy(&mut (&mut reader).take(layout.before as u64), &mut io::sink())?;
        Ok(Self::from_header(reader, layout))
    }

    fn from_header(reader: Whole, layout: Layout) -> Self {
        let rows = Reader::Usual(UsualRows::new(reader, layout.delimiter));
        Self { rows, layout, columns: None }
    }
}

impl Rows for CsvRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        let start = json.len();
        let Layout { delimiter, text, .. } = self.layout;
        while json.len() == start {
            match &mut self.rows {
                Reader::Usual(usual) => match usual.next_row(self.columns.as_deref(), json)? {
                    Some(row) if self.columns.is_none() => {
                        let mut header = AnyRows::new(row, delimiter);
                        header.next_row()?;
                        self.columns = Some(named(header.names(), text));
                    }
                    Some(_) => {}
                    None => self.rows = Reader::Any(AnyRows::new(usual.rest(), delimiter)),
                },
                Reader::Any(any) => {
                    if !any.next_row()? {
                        return Ok(false);
                    }
                    match &self.columns {
                        Some(columns) => any.write(columns, json),
                        None => self.columns = Some(named(any.names(), text)),
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
    fn new(reader: R, delimiter: u8) -> Self {
        let reader = Metered { reader, read: 0, is_end: false, is_quote_open: false };
        let mut rows = ReaderBuilder::new();
        let rows = rows.has_headers(false).flexible(true).delimiter(delimiter).from_reader(reader);
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
#[path = "csv_tests.rs"]
mod tests;
