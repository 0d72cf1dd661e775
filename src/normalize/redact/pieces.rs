//! Strings that hold a piece of a record: a runtime that splits lines at 16 KiB leaves what follows in the string of another
//! object. Nothing in it says what it is a piece of, so such a string is masked whole.

use std::ops::Range;

use memchr::memmem;

use super::reject::is_whole;
use super::text::string_end;

/// The longest run of base64's letters that is left: longer than any name, hash or part of a URI, and shorter than what is cut
/// from the middle of a value.
const LONGEST_RUN: usize = 253;

/// Strings inside strings that are looked into.
const DEEPEST: usize = 4;

/// The spans of the strings that hold a piece of a record, in a text that is none itself, and of what may be a piece of a
/// value.
pub(super) fn pieces(text: &[u8]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> =
        strings(text).into_iter().filter(|string| is_piece(&text[string.clone()], DEEPEST)).collect();
    spans.extend(runs(text));
    spans
}

/// Whether a string's text, escaped as it stands, is a piece of a record, or has one in a string of its own.
fn is_piece(escaped: &[u8], depth: usize) -> bool {
    if !escaped.contains(&b'\\') {
        return false;
    }
    // How .NET escapes a quote. No other part of this looks for strings between such.
    if memmem::find(escaped, b"u0022").is_some() {
        return true;
    }
    let text = unescaped(escaped);
    if !text.contains(&b'"') {
        return false;
    }
    depth == 0
        || !is_whole(&text)
        || strings(&text).into_iter().any(|string| is_piece(&text[string], depth - 1))
}

/// Where the strings of a text lie, without their quotes; the last one may have no end.
fn strings(text: &[u8]) -> Vec<Range<usize>> {
    let mut strings = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'"', &text[at..]) {
        let start = at + open + 1;
        let end = string_end(text, start);
        strings.push(start..end);
        at = (end + 1).min(text.len());
    }
    strings
}

/// A string's text as far as quotes are concerned: of an escape, what it stands for if that is a quote or a backslash.
fn unescaped(escaped: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'n' | b'r' | b't') => text.push(b' '),
                next => text.extend(next),
            },
            _ => text.push(byte),
        }
    }
    text
}

/// Long runs of the letters of base64.
fn runs(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    let mut at = 0;
    let runs = text.chunk_by(move |a, b| is_letter(a) == is_letter(b)).map(move |run| {
        at += run.len();
        at - run.len()..at
    });
    runs.filter(move |run| run.len() > LONGEST_RUN && is_letter(&text[run.start]))
}
