//! Lists of records, as exports and answers have them.

use super::scan;

/// Keys whose arrays hold records, as exports wrap them.
pub(in crate::decode) const LIST_KEYS: [&[u8]; 7] =
    [b"records", b"items", b"events", b"logEvents", b"results", b"hits", b"result"];
/// Keys of objects that such an array stands in: of a search of Elasticsearch, and of a query of Loki.
const INNER_KEYS: [&[u8]; 2] = [b"hits", b"data"];
/// How a query's results begin.
const RESULTS: [&[u8]; 4] = [b"[", b"[", b"{", b"\"field\""];

/// Whether a query's results begin at a position; `None` where the bytes end before that can be told.
pub(super) fn are_results(bytes: &[u8], start: usize) -> Option<bool> {
    let mut at = start;
    for token in RESULTS {
        at = scan::skip_blanks(bytes, at);
        let there = &bytes[at..bytes.len().min(at + token.len())];
        if there != &token[..there.len()] {
            return Some(false);
        }
        if there.len() < token.len() {
            return None;
        }
        at += token.len();
    }
    Some(true)
}

/// The position after the bracket of an object's list of records, where it has one, and how many objects are around it.
///
/// Looks at each key once its value's start is known, so the list itself need not be whole; it scans the
/// values before it.
pub(super) fn wrapped_list(bytes: &[u8], start: usize, around: usize) -> Option<(usize, usize)> {
    scan::fields(bytes, start).find_map(|field| {
        let key = &bytes[field.key];
        match bytes.get(field.value)? {
            b'[' if LIST_KEYS.contains(&key) => {
                let inside = field.value + 1;
                let holds_objects = bytes.get(scan::skip_blanks(bytes, inside)) == Some(&b'{');
                holds_objects.then_some((inside, around))
            }
            b'{' if around == 1 && INNER_KEYS.contains(&key) => wrapped_list(bytes, field.value, 2),
            _ => None,
        }
    })
}
