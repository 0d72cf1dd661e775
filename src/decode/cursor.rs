//! A cursor over the JSON of usual records. It accepts valid JSON only, and gives up on what is rare: `None`
//! means that the parser must look, not that the text is broken.

use std::borrow::Cow;

use super::scalar::Text;
use super::strings::{close, special, unescaped};

/// Levels of nesting that are followed: one bit each.
const MAX_DEPTH: u32 = 64;

/// Digits of a number that is read, not passed over: they fit an i32.
const MAX_DIGITS: usize = 9;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads an object: `field` gets each key, with the cursor at its value, which it must read.
    #[inline]
    pub(super) fn object(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.key()?;
            field(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads a list, each of its elements with `element`.
    pub(super) fn list<T>(&mut self, mut element: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.expect(b'[')?;
        let mut list = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(list);
        }
        loop {
            list.push(element(self)?);
            match self.next()? {
                b',' => {}
                b']' => return Some(list),
                _ => return None,
            }
        }
    }

    /// Reads a string.
    #[inline]
    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        self.expect(b'"')?;
        let start = self.at;
        let end = special(self.text.as_bytes(), start)?;
        if self.text.as_bytes()[end] == b'"' {
            self.at = end + 1;
            return self.text.get(start..end).map(|text| Text(Cow::Borrowed(text)));
        }
        self.at = close(self.text.as_bytes(), end)? + 1;
        unescaped(self.text.get(start..self.at - 1)?).map(|text| Text(Cow::Owned(text)))
    }

    /// Reads a number of few digits.
    pub(super) fn small_number(&mut self) -> Option<i32> {
        self.peek()?;
        let digits = &self.text.as_bytes()[self.at..];
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ends = matches!(digits.get(count)?, b',' | b'}' | b' ' | b'\n');
        if !ends || count > MAX_DIGITS || (digits[0] == b'0' && count > 1) {
            return None;
        }
        let number = self.text.get(self.at..self.at + count)?.parse().ok()?;
        self.at += count;
        Some(number)
    }

    /// Passes over a value of any type but null; gives its text.
    #[inline]
    pub(super) fn raw(&mut self) -> Option<&'a str> {
        if self.peek()? == b'n' { None } else { self.value() }
    }

    /// Passes over a value; gives its text.
    #[inline]
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.text_of(Self::skip)
    }

    /// The text of a value that is read in this way.
    #[inline]
    pub(super) fn text_of(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        read(self)?;
        self.text.get(start..self.at)
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> Option<()> {
        let (mut depth, mut objects) = (0, 0_u64);
        loop {
            let byte = self.peek()?;
            match byte {
                b'"' => {
                    self.at += 1;
                    self.string_end()?;
                }
                b'{' | b'[' => {
                    self.at += 1;
                    // The closing bracket stands two behind the opening one in ASCII.
                    if self.peek()? == byte + 2 {
                        self.at += 1;
                    } else if depth == MAX_DEPTH {
                        return None;
                    } else {
                        depth += 1;
                        objects = objects << 1 | u64::from(byte == b'{');
                        if byte == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            loop {
                if depth == 0 {
                    return Some(());
                }
                let object = objects & 1 == 1;
                match self.next()? {
                    b',' if object => {
                        self.key()?;
                        break;
                    }
                    b',' => break,
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return None,
                }
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    /// Whether the next value begins with this byte.
    pub(super) fn begins(&mut self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    /// What is left of the text.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Nothing but whitespace is left.
    pub(super) fn end(mut self) -> Option<()> {
        self.blanks();
        (self.at == self.text.len()).then_some(())
    }

    /// Reads a key without escapes, and its colon.
    #[inline]
    fn key(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        let end = special(self.text.as_bytes(), start)?;
        if self.text.as_bytes()[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        self.expect(b':')?;
        self.text.get(start..end)
    }

    /// Passes over the rest of a string, with its closing quote.
    #[inline]
    fn string_end(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let at = special(bytes, self.at)?;
        self.at = if bytes[at] == b'"' { at } else { close(bytes, at)? } + 1;
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.here() == Some(b'-') {
            self.at += 1;
        }
        match self.here()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.here() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.here() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.here() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Passes over at least one digit.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.here().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn here(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte that is no whitespace, with the cursor at it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        match self.here()? {
            byte if byte > b' ' => Some(byte),
            _ => {
                self.blanks();
                self.here()
            }
        }
    }

    fn blanks(&mut self) {
        self.at = super::scan::skip_blanks(self.text.as_bytes(), self.at);
    }

    /// The same, with the cursor behind it.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn skips(text: &str) -> Option<&str> {
        let mut cursor = Cursor::new(text);
        cursor.skip()?;
        let value = text.get(..cursor.at)?;
        cursor.end().map(|()| value)
    }

    #[test]
    fn knows_the_grammar() {
        for text in [
            "0",
            "-1",
            "1.5",
            "1e9",
            "1.25E-7",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"\\u00e9\\n\"",
            "[1,{\"a\":[null]},\"x\"]",
        ] {
            assert_eq!(skips(text), Some(text));
        }
        for text in [
            "",
            "01",
            "-",
            "1.",
            "1e",
            "tru",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "[}",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "1 2",
            "{,}",
            "{1:2}",
            "[1}",
            "\u{feff}1",
        ] {
            assert_eq!(skips(text), None, "{text:?}");
        }
    }

    fn damaged() -> impl Strategy<Value = String> {
        let json = super::super::testing::json(4).prop_map(|value| value.to_string());
        let damage =
            prop::option::of((any::<prop::sample::Index>(), "[\"\\\\{}\\[\\],:0-9a-z\u{1}\n\u{e9}.+-]"));
        (json, damage).prop_map(|(json, damage)| match damage {
            None => json,
            Some((at, put)) => {
                let mut characters: Vec<char> = json.chars().collect();
                let at = at.index(characters.len());
                characters.splice(at..=at, put.chars());
                characters.into_iter().collect()
            }
        })
    }

    proptest! {
        #[test]
        fn accepts_what_the_parser_accepts(text in damaged()) {
            let parsed = serde_json::from_str::<&RawValue>(&text).ok().map(RawValue::get);
            // A key with an escape makes it give up.
            match skips(&text) {
                Some(value) => prop_assert_eq!(Some(value.trim()), parsed),
                None => prop_assert!(parsed.is_none() || text.contains('\\')),
            }
        }
    }
}
