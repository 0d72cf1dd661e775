//! Credentials that can be told by their shape alone: JSON web tokens, bearer values, `token=`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::REDACTED;

/// Base64url of `{"`, which every JSON web token starts with.
const JWT_START: &[u8] = b"eyJ";
/// `{"alg":"` alone is longer than this in base64url; a list's `continue` value has no dots.
const SHORTEST_JWT_HEADER: usize = 10;

static JWT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(JWT_START));

/// Masks the JSON web tokens in a text.
pub fn text(text: &str) -> Cow<'_, str> {
    mask(text, jwts(text.as_bytes(), Ending::Whole))
}

/// Masks JSON web tokens, bearer credentials and the values of `token=`, `access_token=` and the
/// like in a URI or a user agent.
pub fn uri(uri: &str) -> Cow<'_, str> {
    mask(uri, credentials(uri.as_bytes(), Ending::Whole))
}

/// Masks JSON web tokens in the status of a request for Secrets, and what it quotes of their bodies.
pub fn status(json: &str) -> Cow<'_, str> {
    let mut spans = jwts(json.as_bytes(), Ending::Whole);
    spans.extend(quoted(json.as_bytes()).map(|start| start..string_end(json.as_bytes(), start)));
    mask(json, merge(spans))
}

/// Where an API server that cannot decode a body begins to quote it in its answer: `error found in #10 byte of ...|x|..., bigger
/// context ...|y|...`, by json-iterator's Iterator.ReportError (<https://github.com/json-iterator/go>), which API servers used
/// before Kubernetes 1.23 (<https://github.com/kubernetes/kubernetes/pull/105030>). Where a quote ends cannot be told: a body may hold its marks.
pub(super) fn quoted(text: &[u8]) -> Option<usize> {
    memmem::find(text, b"...|").map(|mark| mark + 4).filter(|start| *start < text.len())
}

/// The position of the quote that ends the JSON string which a position lies in, or the text's end where it has none.
pub(super) fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(stop) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        if text[at + stop] == b'"' {
            return at + stop;
        }
        at += stop + 2;
    }
    text.len()
}

/// Whether a text may end in the middle of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Whole,
    Cut,
}

/// All spans of a text that [`uri`] masks, in order and apart.
pub(super) fn credentials(text: &[u8], ending: Ending) -> Vec<Range<usize>> {
    let mut spans = jwts(text, ending);
    named_values(text, &mut spans);
    merge(spans)
}

/// The spans of JSON web tokens: three parts of base64url with dots between, the last of which an
/// unsigned token leaves empty. In a cut text a token may lack its end.
fn jwts(text: &[u8], ending: Ending) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(found) = JWT.find(&text[at..]) {
        let start = at + found;
        let run = &text[start..];
        let end = run.iter().position(|&b| !is_base64url(b) && b != b'.').unwrap_or(run.len());
        let cut = ending == Ending::Cut && start + end == text.len();
        if cut || is_jwt(&run[..end]) {
            spans.push(start..start + end);
        }
        at = start + end;
    }
    spans
}

fn is_jwt(run: &[u8]) -> bool {
    let mut parts = run.split(|&b| b == b'.');
    let header = parts.next().map_or(0, <[u8]>::len);
    let payload = parts.next().map_or(0, <[u8]>::len);
    header >= SHORTEST_JWT_HEADER && payload > 0 && parts.next().is_some()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Adds the spans that follow `token=` and `bearer `. One that starts in the last one ends with it, and is not looked
/// for: a client who writes `token=token=...` would have each of them searched to the end.
fn named_values(text: &[u8], spans: &mut Vec<Range<usize>>) {
    let mut last = 0..0;
    for separator in memchr::memchr3_iter(b'=', b' ', b'%', text).chain(memchr::memchr_iter(b'+', text)) {
        let Some(start) = value_start(text, separator).filter(|start| !last.contains(start)) else {
            continue;
        };
        let end = text[start..].iter().position(|b| ends_value(*b)).map_or(text.len(), |n| start + n);
        last = start..end;
        if end > start && &text[start..end] != REDACTED.as_bytes() {
            spans.push(start..end);
        }
    }
}

/// Where the credential starts whose name ends at `separator`, if one does.
fn value_start(text: &[u8], separator: usize) -> Option<usize> {
    let name = &text[..separator];
    let rest = &text[separator..];
    match rest[0] {
        b'=' if ends_with(name, b"token") => Some(separator + 1),
        b'%' if ends_with(name, b"token") && starts_with(rest, b"%3d") => Some(separator + 3),
        b'%' if ends_with(name, b"bearer") && starts_with(rest, b"%20") => Some(separator + 3),
        b' ' | b'+' | b'=' if ends_with(name, b"bearer") => Some(separator + 1),
        _ => None,
    }
}

fn ends_value(byte: u8) -> bool {
    matches!(byte, b'&' | b';' | b'#' | b'"' | b'\\' | b',' | b')' | b'}' | b']')
        || byte.is_ascii_whitespace()
}

fn ends_with(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word)
}

/// Sorts spans and joins those that touch.
pub(super) fn merge(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The text with each of the spans, in order and apart, replaced.
pub(super) fn mask(text: &str, spans: Vec<Range<usize>>) -> Cow<'_, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut kept = 0;
    for span in spans {
        masked.push_str(&text[kept..span.start]);
        masked.push_str(REDACTED);
        kept = span.end;
    }
    masked.push_str(&text[kept..]);
    Cow::Owned(masked)
}
