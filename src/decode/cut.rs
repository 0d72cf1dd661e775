//! What is left of a record that was cut: the JSON before the cut, closed.
//!
//! EKS and AKS cut long messages, copies end in the middle of a line. Every field that was whole before the cut is
//! kept. Of one that the cut goes through, nothing is kept (half a body, or an objectRef without its name,
//! says something else than the whole did), but for objects whose fields stand for themselves and for strings
//! that hold a record of their own.

use std::ops::Range;

use memchr::memmem;

use super::scan::{self, Scan};

/// What CloudWatch puts in place of a long message's end.
pub(super) const TRUNCATED: &str = "[Truncated...]";

/// Objects and lists that may be cut: users, what is wrapped around records, and lists of records.
const OPEN: [&str; 22] = [
    "user",
    "impersonatedUser",
    "properties",
    "records",
    "items",
    "events",
    "logEvents",
    "results",
    "protoPayload",
    "protopayload_auditlog",
    "authenticationInfo",
    "requestMetadata",
    "kubernetes",
    "audit",
    "log",
    "message",
    "resourceLogs",
    "scopeLogs",
    "logRecords",
    "result",
    "_source",
    "event",
];

/// Strings that hold a record, which may be cut too.
const TEXTS: [&str; 9] =
    ["log", "message", "log_s", "value", "RawEvent", "@message", "_raw", "event.original", "line"];

/// How an API server begins every record.
const BEGINNING: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/"#;

/// The records on a line that is no JSON: one that was being written when its writer died, and behind it what the next
/// writer appended. One inside another value does not count. A client can't plant such a place: what it says stands in
/// strings, with its quotes escaped.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let begins = |at: &usize| !text[..*at].trim_ascii_end().ends_with(['[', ':', ',']);
    let mut begun = 0;
    let mut parts = Vec::new();
    for next in memmem::find_iter(text.as_bytes(), BEGINNING).filter(begins).chain([text.len()]) {
        if next > begun {
            parts.push(text[begun..next].trim_ascii_end());
        }
        begun = next;
    }
    parts
}

/// An object that begins at the start of a text, closed where it was cut; `None` where it isn't cut, or isn't JSON.
///
/// If the cut goes through a record in a list, that record is the last one, with whatever fields are left.
pub(super) fn close(text: &str) -> Option<String> {
    let text = text.strip_suffix(TRUNCATED).unwrap_or(text);
    let mut head = Head { text, levels: Vec::new(), at: 0 };
    let end = head.run()?;
    Some(head.closed(end))
}

/// How the head ends.
#[derive(Clone, Copy)]
enum End {
    /// Behind a whole value, at a position.
    Whole(usize),
    /// Inside a member or an element.
    Member,
    /// Inside a string value that begins behind the quote at the position.
    Text(usize),
}

/// An open object or list.
struct Level {
    object: bool,
    /// Where the member or the element begins that was read last, with its comma.
    member: usize,
    key: Range<usize>,
}

struct Head<'t> {
    text: &'t str,
    levels: Vec<Level>,
    at: usize,
}

impl Head<'_> {
    fn run(&mut self) -> Option<End> {
        let bytes = self.text.as_bytes();
        if bytes.first() != Some(&b'{') {
            return None;
        }
        loop {
            let value = scan::skip_blanks(bytes, self.at);
            match bytes.get(value) {
                None => return Some(End::Member),
                Some(b'{' | b'[') => {
                    if self.levels.len() == scan::MAX_DEPTH {
                        return None;
                    }
                    let object = bytes[value] == b'{';
                    self.levels.push(Level { object, member: value + 1, key: 0..0 });
                    self.at = value + 1;
                }
                Some(b'"') => match scan::string(bytes, value + 1) {
                    Scan::End(end) => self.at = end,
                    Scan::More => return Some(End::Text(value + 1)),
                    Scan::Broken(_) => return None,
                },
                Some(_) => match scan::literal(bytes, value) {
                    Scan::End(end) if end > value => self.at = end,
                    Scan::End(_) if matches!(bytes[value], b'}' | b']') => {}
                    Scan::More => return Some(End::Member),
                    Scan::End(_) | Scan::Broken(_) => return None,
                },
            }
            match self.next_value()? {
                None => {}
                Some(end) => return Some(end),
            }
        }
    }

    /// Goes on to where the next value begins; gives the end where there is none, and `None` where the
    /// text is no cut object.
    fn next_value(&mut self) -> Option<Option<End>> {
        let bytes = self.text.as_bytes();
        loop {
            let at = scan::skip_blanks(bytes, self.at);
            let level = self.levels.last_mut()?;
            let first = level.member == at || bytes[level.member..at].trim_ascii().is_empty();
            match bytes.get(at) {
                None if first => return Some(Some(End::Member)),
                None => return Some(Some(End::Whole(self.at))),
                Some(b'}' | b']') if (bytes[at] == b'}') == level.object => {
                    self.levels.pop();
                    self.at = at + 1;
                }
                Some(b',') if !first => {
                    level.member = at;
                    self.at = at + 1;
                    return self.after_comma();
                }
                Some(_) if first => return self.after_comma(),
                Some(_) => return None,
            }
        }
    }

    /// Reads a key, where the level has keys.
    fn after_comma(&mut self) -> Option<Option<End>> {
        let bytes = self.text.as_bytes();
        let level = self.levels.last_mut()?;
        if !level.object {
            return Some(None);
        }
        let quote = scan::skip_blanks(bytes, self.at);
        let end = match (bytes.get(quote), scan::string(bytes, quote + 1)) {
            (None, _) | (Some(b'"'), Scan::More) => return Some(Some(End::Member)),
            (Some(b'"'), Scan::End(end)) => end,
            _ => return None,
        };
        level.key = quote + 1..end - 1;
        let colon = scan::skip_blanks(bytes, end);
        match bytes.get(colon) {
            None => Some(Some(End::Member)),
            Some(b':') => {
                self.at = colon + 1;
                Some(None)
            }
            Some(_) => None,
        }
    }

    fn closed(&self, end: End) -> String {
        let key = |level: &Level| self.text.get(level.key.clone()).unwrap_or_default();
        let is_open = |level: &&Level| !level.object || OPEN.contains(&key(level));
        let inner = self.levels.len().saturating_sub(1);
        let open = self.levels.iter().take(inner).take_while(is_open).count();
        let (kept, quote) = match (end, self.levels.get(open)) {
            (_, None) => ("", ""),
            (End::Whole(at), Some(_)) if open == inner => (&self.text[..at], ""),
            (End::Text(start), Some(level))
                if open == inner && level.object && TEXTS.contains(&key(level)) =>
            {
                (whole_escapes(self.text, start), "\"")
            }
            (_, Some(level)) => (&self.text[..level.member], ""),
        };
        let closers =
            self.levels.iter().take(open + 1).rev().map(|level| if level.object { '}' } else { ']' });
        let mut closed = String::with_capacity(kept.len() + open + 2);
        closed.push_str(kept);
        closed.push_str(quote);
        closed.extend(closers);
        closed
    }
}

/// The text without an escape at its end that is cut, or that is the first half of a pair of surrogates.
fn whole_escapes(text: &str, start: usize) -> &str {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        let escape = at + found;
        let length = match bytes.get(escape + 1) {
            Some(b'u') if is_high_surrogate(&bytes[escape..]) => 12,
            Some(b'u') => 6,
            _ => 2,
        };
        if escape + length > bytes.len() {
            return &text[..escape];
        }
        at = escape + length;
    }
    text
}

fn is_high_surrogate(escape: &[u8]) -> bool {
    matches!(escape, [_, _, b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn keeps_what_was_whole() {
        for (text, expected) in [
            (r#"{"a":1,"b":"x"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":"x\"}"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":"x""#, r#"{"a":1,"b":"x"}"#),
            (r#"{"a":1,"b":tru"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":true[Truncated...]"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":[1,2[Truncated...]"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":{"c":{}"#, r#"{"a":1}"#),
            (r#"{"a":1, "user": {"username":"j","groups":["a","b"#, r#"{"a":1, "user": {"username":"j"}}"#),
            (r#"{"a":1,"user":{"extra":{"#, r#"{"a":1,"user":{}}"#),
            (r#"{"records":[{"a":1},{"b":2,"c""#, r#"{"records":[{"a":1},{"b":2}]}"#),
            (r#"{"records":[{"a":1},{"#, r#"{"records":[{"a":1},{}]}"#),
            (r#"{"records":[{"a":1},"#, r#"{"records":[{"a":1}]}"#),
            (
                r#"{"t":"z","properties":{"log":"{\"a\":\"x\"#,
                r#"{"t":"z","properties":{"log":"{\"a\":\"x"}}"#,
            ),
            (r#"{"log":"x\ud83d\ude0"#, r#"{"log":"x"}"#),
            (r#"{"log":"x\ud83d\ude00"#, r#"{"log":"x\ud83d\ude00"}"#),
            (r#"{"log":"x\u00"#, r#"{"log":"x"}"#),
            ("{", "{}"),
            ("{\"a", "{}"),
            ("{\"a\" ", "{}"),
            ("{\"a\" : ", "{}"),
            ("{ \"a\":{}", "{ \"a\":{}}"),
        ] {
            assert_eq!(close(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "x", "[1", "{}", "{x", "{\"a\" 1", "{\"a\":1}}", "{,", "{]", "{\"a\":}"] {
            assert_eq!(close(text).filter(|closed| closed != text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_fields_of_the_whole(body in super::super::testing::json(3), at in 0.0..1.0f64) {
            let whole = json!({"a": 1, "body": body, "user": {"username": "j", "x": body}, "log": body.to_string(), "z": [body]});
            let text = whole.to_string();
            let mut at = 1 + (at * (text.len() - 2) as f64) as usize;
            while !text.is_char_boundary(at) { at -= 1 }
            let closed = close(&text[..at.max(1)]).unwrap();
            let closed: Value = serde_json::from_str(&closed).unwrap();
            for (key, value) in closed.as_object().unwrap() {
                match (key.as_str(), value) {
                    ("user", value) => for (key, value) in value.as_object().unwrap() {
                        prop_assert_eq!(value, &whole["user"][key]);
                    },
                    ("log", Value::String(part)) => prop_assert!(whole["log"].as_str().unwrap().starts_with(part)),
                    (key, value) => prop_assert_eq!(value, &whole[key]),
                }
            }
        }

        #[test]
        fn never_panics(text in "[{}\\[\\],:\"\\\\a1 \\PC]{0,60}") {
            let _ = close(&format!("{{{text}"));
        }
    }
}
