//! Tables to records: a row becomes a line of JSON, an object with a field for each column.

mod csv_rows;

use std::io::{BufRead, BufReader, Read};

/// Columns of which a table of audit records has at least one.
const COLUMNS: [&str; 7] =
    ["@message", "log_s", "RawEvent", "AuditId", "ProtoPayload", "protopayload_auditlog", "log"];

/// Looked at for a header.
const HEADER: usize = 64 << 10;

/// A reader of the rows of a table as lines of JSON; anything else passes as it is.
pub(super) fn rows(reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    let mut reader = BufReader::with_capacity(HEADER, reader);
    // An error here comes again with the first read.
    let is_table = reader.fill_buf().is_ok_and(is_csv);
    if is_table { Box::new(csv_rows::CsvRows::new(reader)) } else { Box::new(reader) }
}

fn is_csv(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if matches!(head.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(0)];
    let names = std::str::from_utf8(line).unwrap_or_default().split(',');
    let is_known =
        |name: &str| COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(csv_rows::column(name)));
    names.clone().count() > 1 && names.into_iter().any(is_known)
}
