//! A JSON token scanner that knows where a value ends, and where it can't be one any more.
//!
//! It follows the grammar's structure and leaves literals, numbers and escapes to the parser. It holds no
//! recursion: nesting costs a bit a level.

use std::ops::Range;

use super::strings::close_or_newline;

/// Levels that are followed; deeper is broken. Bounds what a hostile file of brackets costs.
pub(super) const MAX_DEPTH: usize = 16_384;

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// The value is whole and ends before this position.
    End(usize),
    /// The bytes before this position can't be continued to a value.
    Broken(usize),
    /// The bytes end inside the value.
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// Scans the object or array that begins at `start`.
pub(super) fn value(bytes: &[u8], start: usize) -> Scan {
    run(bytes, start, Stack::default(), Expect::Value)
}

/// Scans whatever value begins at `start`. What is none ends where it begins.
pub(super) fn any_value(bytes: &[u8], start: usize) -> Scan {
    match bytes.get(start) {
        None => Scan::More,
        Some(b'"') => string(bytes, start + 1),
        Some(b'{' | b'[') => value(bytes, start),
        Some(_) => literal(bytes, start),
    }
}

/// Scans the rest of so many objects, each in the next, after a value of the innermost, up to and including the last
/// closing brace.
pub(super) fn rest_of_objects(bytes: &[u8], start: usize, count: usize) -> Scan {
    let mut stack = Stack::default();
    (0..count).for_each(|_| stack.push(true));
    run(bytes, start, stack, Expect::CommaOrEnd)
}

fn run(bytes: &[u8], start: usize, mut stack: Stack, mut expect: Expect) -> Scan {
    let mut at = start;
    loop {
        at = skip_blanks(bytes, at);
        let Some(&byte) = bytes.get(at) else { return Scan::More };
        at += 1;
        expect = match (byte, expect) {
            (b'{' | b'[', Expect::Value | Expect::ValueOrEnd) => {
                if stack.depth == MAX_DEPTH {
                    return Scan::Broken(at);
                }
                stack.push(byte == b'{');
                if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd }
            }
            (b'}', Expect::KeyOrEnd | Expect::CommaOrEnd) if stack.innermost() == Some(true) => {
                match stack.pop() {
                    0 => return Scan::End(at),
                    _ => Expect::CommaOrEnd,
                }
            }
            (b']', Expect::ValueOrEnd | Expect::CommaOrEnd) if stack.innermost() == Some(false) => {
                match stack.pop() {
                    0 => return Scan::End(at),
                    _ => Expect::CommaOrEnd,
                }
            }
            (b',', Expect::CommaOrEnd) => {
                if stack.innermost() == Some(true) {
                    Expect::Key
                } else {
                    Expect::Value
                }
            }
            (b':', Expect::Colon) => Expect::Value,
            (b'"', Expect::Key | Expect::KeyOrEnd | Expect::Value | Expect::ValueOrEnd) => {
                match string(bytes, at) {
                    Scan::End(end) => at = end,
                    other => return other,
                }
                if matches!(expect, Expect::Key | Expect::KeyOrEnd) {
                    Expect::Colon
                } else {
                    Expect::CommaOrEnd
                }
            }
            (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', Expect::Value | Expect::ValueOrEnd) => {
                match literal(bytes, at) {
                    Scan::End(end) => at = end,
                    other => return other,
                }
                Expect::CommaOrEnd
            }
            _ => return Scan::Broken(at),
        };
    }
}

/// The end of a string whose opening quote stands before `at`. A raw newline breaks it.
pub(super) fn string(bytes: &[u8], at: usize) -> Scan {
    match close_or_newline(bytes, at) {
        None => Scan::More,
        Some(end) if bytes[end] == b'"' => Scan::End(end + 1),
        Some(newline) => Scan::Broken(newline + 1),
    }
}

/// The end of a number, `true`, `false` or `null`.
pub(super) fn literal(bytes: &[u8], start: usize) -> Scan {
    let tail = bytes.get(start..).unwrap_or_default();
    let is_literal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match tail.iter().position(|byte| !is_literal(byte)) {
        Some(length) => Scan::End(start + length),
        None => Scan::More,
    }
}

/// The first position from `at` that holds no JSON whitespace.
pub(super) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The open containers, a bit each: set for an object.
#[derive(Default)]
struct Stack {
    bits: Vec<u64>,
    depth: usize,
}

impl Stack {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = (self.bits[word] & !(1 << bit)) | (u64::from(object) << bit);
        self.depth += 1;
    }

    /// Closes the innermost container and gives the number of those still open.
    fn pop(&mut self) -> usize {
        self.depth -= 1;
        self.depth
    }

    /// Whether the innermost container is an object; `None` where none is open.
    fn innermost(&self) -> Option<bool> {
        let top = self.depth.checked_sub(1)?;
        Some((self.bits[top / 64] >> (top % 64)) & 1 == 1)
    }
}

/// A field of an object: where its key stands, without the quotes, and where its value begins.
pub(super) struct Field {
    pub key: Range<usize>,
    pub value: usize,
}

/// The fields of the object that begins at `start`, as far as the bytes go. The last one's value may be cut.
pub(super) fn fields(bytes: &[u8], start: usize) -> impl Iterator<Item = Field> {
    let mut at = Some(start);
    std::iter::from_fn(move || {
        let key_start = skip_blanks(bytes, at? + 1) + 1;
        at = None;
        let key = match (bytes.get(key_start - 1)?, string(bytes, key_start)) {
            (b'"', Scan::End(end)) => key_start..end - 1,
            _ => return None,
        };
        let colon = skip_blanks(bytes, key.end + 1);
        if *bytes.get(colon)? != b':' {
            return None;
        }
        let value = skip_blanks(bytes, colon + 1);
        Some(Field { key, value }).inspect(|_| at = after_value(bytes, value))
    })
}

/// The position of the comma after the value at `start`.
fn after_value(bytes: &[u8], start: usize) -> Option<usize> {
    let Scan::End(end) = any_value(bytes, start) else { return None };
    let comma = skip_blanks(bytes, end);
    (bytes.get(comma) == Some(&b',')).then_some(comma)
}

/// Whether JSON text nests deeper than `limit` levels. The text need not be valid.
pub(super) fn deeper_than(text: &str, limit: usize) -> bool {
    let bytes = text.as_bytes();
    // n levels take n opening brackets and n closing ones.
    if bytes.len() < 2 * limit {
        return false;
    }
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => match string(bytes, at) {
                Scan::End(end) => at = end,
                _ => return false,
            },
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_end() {
        for text in [
            r#"{}"#,
            r#"[]"#,
            r#"{"a":"}\"{","b":[{},[],"]",-1.5e+3,true,null],"":{"c":{}}}"#,
            "{ \"a\" :\r\n 1 }",
        ] {
            assert_eq!(value(format!("{text}{{").as_bytes(), 0), Scan::End(text.len()), "{text}");
            for cut in 1..text.len() {
                assert_eq!(value(&text.as_bytes()[..cut], 0), Scan::More, "{}", &text[..cut]);
            }
        }
    }

    #[test]
    fn sees_what_cannot_go_on() {
        for text in [
            "{\"a\n\"",
            "{{",
            "{\"a\" 1",
            "{\"a\":1 \"b\"",
            "[1 2",
            "{,",
            "[,",
            "[}",
            "{]",
            "{\"a\":}",
            "{\"a\\\n",
            "{x",
        ] {
            assert!(matches!(value(text.as_bytes(), 0), Scan::Broken(_)), "{text:?}");
        }
        assert!(matches!(value("[".repeat(MAX_DEPTH + 1).as_bytes(), 0), Scan::Broken(_)));
    }

    #[test]
    fn knows_the_rest_of_an_object() {
        assert_eq!(rest_of_objects(b" , \"a\": [1] } {", 0, 1), Scan::End(13));
        assert_eq!(rest_of_objects(b"}", 0, 1), Scan::End(1));
        assert_eq!(rest_of_objects(b"]", 0, 1), Scan::Broken(1));
        assert_eq!(rest_of_objects(b"}, \"a\": 1 } }", 0, 2), Scan::End(11));
    }

    #[test]
    fn counts_depth_outside_strings() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(deeper_than(&nested(101), 100));
        assert!(!deeper_than(&nested(100), 100));
        assert!(!deeper_than(&format!("\"{}\"", nested(500)), 100));
    }

    proptest! {
        #[test]
        fn agrees_with_the_parser_on_valid_values(value_in in super::super::testing::json(4)) {
            if value_in.is_object() || value_in.is_array() {
                for text in [value_in.to_string(), serde_json::to_string_pretty(&value_in).unwrap()] {
                    prop_assert_eq!(value(text.as_bytes(), 0), Scan::End(text.len()));
                }
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(prop_oneof![
            Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b':'), Just(b','), Just(b'\\'),
            Just(b'\n'), Just(b'1'), any::<u8>()], 0..200)) {
            let _ = value(&bytes, 0);
            let _ = rest_of_objects(&bytes, 0, 1);
        }
    }
}
