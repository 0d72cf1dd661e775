//! Strings that hold a piece of a record: a runtime that splits lines at 16 KiB leaves what follows in the string of another
//! object. Nothing in it says what it is a piece of, so such a string is masked whole.

use std::ops::Range;

use memchr::memmem;

use super::reject::is_whole;
use super::text::string_end;
use crate::decode::DOCKER_PIECE;

/// The longest run of base64's letters that is left: longer than any name, hash or part of a URI, and shorter than what is cut
/// from the middle of a value.
const LONGEST_RUN: usize = 253;

/// Bytes in which the stream of a container's line stands.
const LONGEST_HEAD: usize = 512;

/// Strings inside strings that are looked into.
const DEEPEST: usize = 4;

/// The spans of the strings that hold a piece of a record, in a text that is none itself, and of what may be a piece of a
/// value.
pub(super) fn pieces(text: &[u8]) -> Vec<Range<usize>> {
    let is_piece = |string: &[u8]| is_piece(string, DEEPEST) || is_long(string);
    let mut spans: Vec<Range<usize>> =
        strings(text).into_iter().filter(|string| is_piece(&text[string.clone()])).collect();
    spans.extend(runs(text));
    spans.extend(later_piece(text));
    spans.extend(last_piece(text));
    spans
}

/// The text of a line in the form of docker's json-file that begins no record and was cut itself: it can be the last piece of
/// one, and be short.
fn last_piece(line: &[u8]) -> Option<Range<usize>> {
    const LOG: &[u8] = b"{\"log\":\"";
    let text = line.strip_prefix(LOG).filter(|text| !text.starts_with(b"{"))?;
    (string_end(text, 0) == text.len()).then_some(LOG.len()..line.len())
}

/// Whether a string is as long as the pieces of docker's json-file, and begins no record.
fn is_long(escaped: &[u8]) -> bool {
    escaped.len() >= DOCKER_PIECE && !escaped.starts_with(b"{")
}

/// The text of a line in CRI's form that begins no record and goes on (`P`), or ends what was escaped (`F`). Something may
/// stand before the line's time, as `grep -H` has it.
fn later_piece(line: &[u8]) -> Option<Range<usize>> {
    let head = &line[..line.len().min(LONGEST_HEAD)];
    let (tag, begin) = [&b" stdout "[..], b" stderr "].iter().find_map(|stream| {
        let tag = memmem::find(head, stream)? + stream.len();
        line.get(tag + 1).filter(|byte| **byte == b' ').map(|_| (line[tag], tag + 2))
    })?;
    let text = &line[begin..];
    let is_later = match tag {
        b'P' => !text.starts_with(b"{"),
        b'F' => !text.starts_with(b"{") && text.contains(&b'\\'),
        _ => false,
    };
    is_later.then_some(begin..line.len())
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

#[cfg(test)]
mod tests {
    use super::super::reject_bytes;

    #[test]
    fn pieces_without_a_head_are_masked_and_lines_of_other_logs_are_not() {
        let masked = |text: &str| String::from_utf8(reject_bytes(text.as_bytes())).unwrap();
        let time = "2026-11-22T10:00:01.5Z";
        for (line, kept) in [
            (format!("{time} stdout P nx \\\\\"MARK\\\\\" y"), format!("{time} stdout P ")),
            (format!("0.log:{time} stdout P line MARK one\\nline"), format!("0.log:{time} stdout P ")),
            (
                format!("Nov 22 10:00:00 node1 {time} stderr F MARK one\\n"),
                format!("Nov 22 10:00:00 node1 {time} stderr F "),
            ),
        ] {
            assert_eq!(masked(&line), kept + super::super::REDACTED);
        }
        assert_eq!(masked("{\"log\":\"of MARK and"), format!("{{\"log\":\"{}", super::super::REDACTED));
        let piece = "x \\\"MARK\\\" y ".repeat(1_400);
        let docker = format!("{{\"stream\":\"stdout\",\"log\":\"{piece}\"}}");
        assert_eq!(
            masked(&docker),
            format!("{{\"stream\":\"stdout\",\"log\":\"{}\"}}", super::super::REDACTED)
        );
        for line in
            [format!("{time} stdout F server started"), "stdout P x".to_owned(), format!("{time} stdout")]
        {
            assert_eq!(masked(&line), line);
        }
    }
}
