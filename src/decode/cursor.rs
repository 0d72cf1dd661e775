//! A cursor over the JSON of usual records. It accepts valid JSON only, and gives up on what is rare: `None`
//! means that the parser must look, not that the text is broken.

use std::borrow::Cow;

use super::scalar::Text;

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

    /// Reads a list of strings.
    pub(super) fn texts(&mut self) -> Option<Vec<Text<'a>>> {
        self.expect(b'[')?;
        let mut texts = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(texts);
        }
        loop {
            texts.push(self.text()?);
            match self.next()? {
                b',' => {}
                b']' => return Some(texts),
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
        self.string_end()?;
        let quoted = self.text.get(start - 1..self.at)?;
        serde_json::from_str(quoted).ok().map(|text| Text(Cow::Owned(text)))
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
        if self.peek()? == b'n' {
            return None;
        }
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
        loop {
            let at = special(bytes, self.at)?;
            self.at = at + 1;
            match bytes[at] {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += match rest.first()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
            b'u' if rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit) => 5,
            _ => return None,
        };
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

const WORD: usize = size_of::<u64>();

/// The position of the first quote, backslash or control character from `at`.
#[inline]
fn special(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<WORD>) {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += WORD;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).map(|found| at + found)
}

/// The high bit of each byte that is a quote, a backslash or a control character; bytes above the first of
/// them may be marked wrongly, since subtraction borrows from them.
#[inline]
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; WORD]);
    const HIGH: u64 = ONES << 7;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * b' ' as u64) & !word;
    (zero(quote) | zero(backslash) | control) & HIGH
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

        #[test]
        fn finds_the_first_special_byte(bytes in proptest::collection::vec(
            prop_oneof![8 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..40)) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
            prop_assert_eq!(special(&bytes, 0), expected);
        }
    }
}
