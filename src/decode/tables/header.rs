//! The columns by which a table is known, and those that hold records as text.

use crate::decode::fields::quoted;

/// Columns of which a table of audit records has at least one.
const COLUMNS: [&str; 7] =
    ["@message", "log_s", "RawEvent", "AuditId", "ProtoPayload", "protopayload_auditlog", LOG];

/// The one of them that is a word of other texts too.
const LOG: &str = "log";

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

/// A column's name without quotes, spaces, and the zone that Azure's portal writes behind a time's.
pub(super) fn column(name: &str) -> &str {
    let name = name.trim_start_matches('\u{feff}').trim_matches(['"', ' ', '\r', '\t']);
    name.strip_suffix(" [UTC]").unwrap_or(name)
}

/// Whether these are the columns of a table of audit records.
pub(super) fn is_known(names: &[impl AsRef<str>]) -> bool {
    // `auditID`, as Kubernetes writes it, is a field that a log store took out of a record.
    let is_known = |name: &str| name != MARKS[0] && is_in(&COLUMNS, name);
    names.iter().any(|name| is_known(name.as_ref())) && raw_column(names).is_none()
}

/// Whether nothing but a column `log` makes them that.
pub(super) fn is_known_by_log(names: &[impl AsRef<str>]) -> bool {
    let mut known = names.iter().filter(|name| is_in(&COLUMNS, name.as_ref()));
    known.all(|name| is_in(&[LOG], name.as_ref()))
}

/// Whether a time is among the columns of a log store.
pub(super) fn has_time(names: &[impl AsRef<str>]) -> bool {
    names.iter().any(|name| is_in(&TIME_COLUMNS, name.as_ref()))
}

/// The number of the column that holds records, whatever else is there.
pub(super) fn raw_column(names: &[impl AsRef<str>]) -> Option<usize> {
    names.iter().position(|name| name.as_ref() == RAW)
}

/// The number of the column that holds records by its name, beside a time.
pub(super) fn text_column(names: &[impl AsRef<str>]) -> Option<usize> {
    let mut texts = TEXT_COLUMNS.iter().filter(|_| has_time(names));
    texts.find_map(|text| names.iter().position(|name| is_in(&[text], name.as_ref())))
}

/// The columns, as JSON strings: with the name that containers know for the one that holds records, and none that is
/// taken for a record's.
pub(super) fn named(mut columns: Vec<String>, text: Option<usize>) -> Vec<String> {
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

/// Whether a cell holds what only an audit record has, or the begin of it. One with a comma stands in quotes: a line of
/// JSON is no row.
pub(super) fn looks_like_event(cell: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"\"auditID\"", b"\"audit.k8s.io/"];
    cell.trim_ascii_start().starts_with(b"{")
        && cell.contains(&b',')
        && marks.iter().any(|mark| memchr::memmem::find(cell, mark).is_some())
}

fn is_in(known: &[&str], name: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(name))
}
