//! Tables to records: a row becomes a line of JSON, an object with a field for each column.

mod csv_rows;

use std::io::{BufReader, Cursor, Read};

use super::decompress::Failing;

/// Columns of which a table of audit records has at least one.
const COLUMNS: [&str; 7] =
    ["@message", "log_s", "RawEvent", "AuditId", "ProtoPayload", "protopayload_auditlog", "log"];

/// Looked at for a header.
const HEADER: u64 = 64 << 10;

/// A reader of the rows of a table as lines of JSON; anything else passes as it is.
pub(super) fn rows(mut reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    // A single read gives what its reader has at hand, which can be less than a header.
    let mut head = Vec::new();
    let failed = (&mut reader).take(HEADER).read_to_end(&mut head).err();
    let is_table = is_csv(&head);
    let rest: Box<dyn Read + Send> = match failed {
        Some(error) => Box::new(Failing(Some(error))),
        None => reader,
    };
    let reader = BufReader::new(Cursor::new(head).chain(rest));
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
