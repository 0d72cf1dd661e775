//! YAML as clouds' command lines print it: `gcloud logging read` where no format is asked for, `aws logs ... --output yaml`,
//! `az monitor log-analytics query -o yaml`.
//!
//! A record is a document, or an element of a list that a document is or begins with (`events:`). A line that begins at the
//! left is never inside a text of a mapping, so documents and elements are told by their lines, and one that cannot be read
//! costs no other.

use std::borrow::Cow;
use std::io;

use super::header::{self, column};
use super::window::{LONGEST, MARK, Window};
use super::yaml::{Read, to_json};
use super::{Rows, damaged};
use crate::decode::decompress::Whole;
use crate::decode::framing::lists::LIST_KEYS;
use crate::decode::scan;

/// Fields of which a record has one, or all of a group: Cloud Logging's LogEntry, Kubernetes' Event, and what Logs Insights
/// makes of a message.
const FIELDS: [&[&str]; 4] =
    [&["logName", "insertId"], &["auditID"], &["kind", "items"], &["field", "value"]];

/// Records at the begin of a file that can show that it is one of them.
const LOOKED_AT: usize = 3;

/// Whether a file begins with records in YAML that are of the known kinds. The first can be one whose begin is elsewhere.
pub(in crate::decode) fn is_yaml(head: &[u8]) -> bool {
    let mut place = Place::default();
    let mut left = head.strip_prefix(MARK).unwrap_or(head);
    if matches!(left.trim_ascii_start().first(), None | Some(b'{' | b'[' | b'"')) {
        return false;
    }
    let records = std::iter::from_fn(|| {
        loop {
            let part = place.next(left, true);
            let (Part::Passed(length @ 1..) | Part::Record(length)) = part else { return None };
            let (text, rest) = left.split_at(length);
            left = rest;
            if matches!(part, Part::Record(_)) {
                return Some(text);
            }
        }
    });
    records.take(LOOKED_AT).any(is_known_record)
}

fn is_known_record(text: &[u8]) -> bool {
    let mut json = Vec::new();
    to_json(&as_text(text), false, &mut json);
    is_known(&json)
}

/// Whether the JSON of a record, of which the end may be missing, has fields of a known kind.
fn is_known(json: &[u8]) -> bool {
    let object = &json[json.iter().take_while(|byte| **byte == b'[').count()..];
    let keys = scan::fields(object, 0).filter_map(|field| str::from_utf8(object.get(field.key)?).ok());
    let names: Vec<&str> = keys.map(column).collect();
    let has = |name: &&str| names.contains(name);
    FIELDS.iter().any(|all| all.iter().all(has))
        || header::is_known(&names)
        || header::text_column(&names).is_some()
}

/// The records of a stream.
pub(in crate::decode) struct YamlRows {
    text: Window,
    place: Place,
    /// Nothing says that the first record begins where the stream does.
    may_lack_head: bool,
}

impl YamlRows {
    pub(in crate::decode) fn open(reader: Whole) -> io::Result<Self> {
        let mut text = Window::new(reader);
        text.fill(too_long)?;
        text.pass_mark();
        Ok(Self { text, place: Place::default(), may_lack_head: true })
    }
}

impl Rows for YamlRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let is_end = self.text.is_end();
            match self.place.next(self.text.bytes(), is_end) {
                Part::More => self.text.fill(too_long)?,
                Part::Passed(0) => return Ok(false),
                Part::Passed(length) => self.may_lack_head &= !self.text.pass(length).starts_with(b"---"),
                Part::Record(length) => {
                    let is_last = is_end && length == self.text.bytes().len();
                    let start = json.len();
                    let text = as_text(self.text.pass(length));
                    if write(&text, self.place.is_list(), is_last, json) == Read::Nothing {
                        continue;
                    }
                    if std::mem::take(&mut self.may_lack_head) && !is_known(&json[start..]) {
                        // What is left of a key can be all that said what a value is.
                        json.truncate(start);
                        json.push(b'"');
                    }
                    return Ok(true);
                }
            }
        }
    }
}

fn as_text(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Writes a record; an element of a list without the list.
fn write(text: &str, is_element: bool, is_end: bool, json: &mut Vec<u8>) -> Read {
    let start = json.len();
    let read = to_json(text, is_end, json);
    if is_element && json.get(start) == Some(&b'[') {
        json.remove(start);
        if read == Read::Whole {
            json.pop();
        }
        // As a document that is a text.
        if json.get(start) == Some(&b'"') {
            json.truncate(start + 1);
        }
    }
    read
}

fn too_long() -> io::Error {
    damaged(&format!("a record of YAML longer than {LONGEST} bytes"))
}

/// What comes next, in bytes of whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It takes more bytes to tell.
    More,
    /// What is no record, or belongs to none. None of it is left where this is 0.
    Passed(usize),
    Record(usize),
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Between documents.
    #[default]
    Top,
    /// In a list with its dashes in this column; it can be the value of an object's first key.
    List { column: usize, is_value: bool },
    /// In an object behind the list that it begins with.
    Tail,
}

impl Place {
    fn is_list(self) -> bool {
        matches!(self, Self::List { .. })
    }

    /// What the bytes begin with, which are those from the begin of a line on.
    fn next(&mut self, bytes: &[u8], is_end: bool) -> Part {
        let Some(line) = Line::first(bytes, is_end) else {
            return if is_end { Part::Passed(bytes.len()) } else { Part::More };
        };
        match line.kind {
            Kind::Blank => return Part::Passed(line.length),
            Kind::Marker { has_content } => {
                *self = Self::Top;
                if !has_content {
                    return Part::Passed(line.length);
                }
                return record(bytes, is_end, None, |_| false);
            }
            Kind::Dash | Kind::Other => {}
        }
        match *self {
            Self::Tail => return Part::Passed(line.length),
            Self::List { column, is_value } if line.column != column || line.kind != Kind::Dash => {
                if is_value {
                    *self = Self::Tail;
                    return Part::Passed(line.length);
                }
                let is_next = |line: &Line| line.column == column && line.kind == Kind::Dash;
                return record(bytes, is_end, Some(column), is_next);
            }
            Self::Top if line.kind == Kind::Dash => {
                *self = Self::List { column: line.column, is_value: false };
            }
            Self::Top if is_list_key(&bytes[..line.length]) => {
                let below = &bytes[line.length..];
                let mut lines = Line::all(below, is_end);
                match lines.find(|line| line.kind != Kind::Blank) {
                    Some(first) if first.kind == Kind::Dash => {
                        *self = Self::List { column: first.column, is_value: true };
                        return Part::Passed(line.length);
                    }
                    None if !is_end => return Part::More,
                    _ => {}
                }
            }
            _ => {}
        }
        match *self {
            Self::List { column, .. } => record(bytes, is_end, Some(column), |line| line.column <= column),
            _ => record(bytes, is_end, None, |_| false),
        }
    }
}

/// The record that the bytes begin with. It ends before a document's mark, and before a line that `is_next`, which begins
/// no further in than this column, if there is one.
fn record(bytes: &[u8], is_end: bool, column: Option<usize>, is_next: impl Fn(&Line) -> bool) -> Part {
    let mut length = 0;
    while let Some(line) = Line::first(&bytes[length..], is_end) {
        let ends = match line.kind {
            Kind::Blank => false,
            Kind::Marker { .. } => true,
            Kind::Dash | Kind::Other => is_next(&line),
        };
        if length > 0 && ends {
            return Part::Record(length);
        }
        length += line.length;
        length += inside(&bytes[length..], column);
    }
    if is_end { Part::Record(bytes.len()) } else { Part::More }
}

/// Passes over whole lines that are in a record by how they begin, as nearly all are; gives their length.
fn inside(bytes: &[u8], column: Option<usize>) -> usize {
    let mut length = 0;
    loop {
        let line = &bytes[length..];
        let is_inside = match column {
            Some(column) => line.get(..=column).is_some_and(|begin| begin.iter().all(|byte| *byte == b' ')),
            None => !matches!(line.first(), Some(b'-' | b'.')),
        };
        let Some(end) = memchr::memchr(b'\n', line).filter(|_| is_inside) else { return length };
        length += end + 1;
    }
}

/// Whether a line is a key whose list holds records, and nothing else.
fn is_list_key(line: &[u8]) -> bool {
    line.trim_ascii_end().strip_suffix(b":").is_some_and(|key| LIST_KEYS.contains(&key))
}

#[derive(Debug, Clone, Copy)]
struct Line {
    /// With its end.
    length: usize,
    /// Of what it begins with.
    column: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing, or a comment or a directive.
    Blank,
    /// `---` or `...`; a document can begin behind the first.
    Marker {
        has_content: bool,
    },
    Dash,
    Other,
}

impl Line {
    /// The first line, where its end is there.
    fn first(bytes: &[u8], is_end: bool) -> Option<Self> {
        let end = memchr::memchr(b'\n', bytes).map(|end| end + 1);
        let length = end.or_else(|| is_end.then_some(bytes.len())).filter(|length| *length > 0)?;
        let line = bytes[..length].trim_ascii_end();
        let column = line.iter().take_while(|byte| **byte == b' ').count();
        Some(Self { length, column, kind: Kind::of(line, column) })
    }

    fn all(bytes: &[u8], is_end: bool) -> impl Iterator<Item = Self> {
        let mut at = 0;
        std::iter::from_fn(move || Self::first(&bytes[at..], is_end).inspect(|line| at += line.length))
    }
}

impl Kind {
    fn of(line: &[u8], column: usize) -> Self {
        let is_mark = |mark| line.strip_prefix(mark).is_some_and(ends_word);
        let text = &line[column..];
        match text.first() {
            None | Some(b'#') => Self::Blank,
            Some(b'%') if column == 0 => Self::Blank,
            _ if is_mark(b"...") => Self::Marker { has_content: false },
            _ if is_mark(b"---") => {
                let behind = line[3..].trim_ascii_start();
                Self::Marker { has_content: !matches!(behind.first(), None | Some(b'#')) }
            }
            _ if text.strip_prefix(b"-").is_some_and(ends_word) => Self::Dash,
            _ => Self::Other,
        }
    }
}

/// Whether a word that stands before this ends there.
fn ends_word(behind: &[u8]) -> bool {
    matches!(behind.first(), None | Some(b' ' | b'\t'))
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
