//! Scalars of YAML to JSON strings, literals and numbers, in one pass: plain ones and those in quotes, folded or not, and
//! blocks of text.

use super::yaml::{is_literal, literal};
use crate::decode::strings::{copy_before, escape_before, put_escaped};

/// The longest key in bytes, with its quotes. The parser takes as many characters.
pub(super) const LONGEST_KEY: usize = 1024;

/// What a scalar ends before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The colon that makes it a key.
    Colon,
    /// The next line.
    Line,
}

/// What of the line ends behind a block of text is a part of it.
#[derive(Clone, Copy)]
enum Chomp {
    One,
    None,
    All,
}

/// A text with an end of its last line, and what is written of it. What is not usual is None.
pub(super) struct Scalars<'t, 'j> {
    text: &'t str,
    pub bytes: &'t [u8],
    pub at: usize,
    pub json: &'j mut Vec<u8>,
}

impl<'t, 'j> Scalars<'t, 'j> {
    pub(super) fn new(text: &'t str, json: &'j mut Vec<u8>) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, json }
    }

    /// Reads a scalar that stands in a mapping or a list that begins in this column.
    pub(super) fn read(&mut self, column: Option<usize>) -> Option<End> {
        let from = self.at;
        let end = match self.bytes[from..] {
            [b'\'', ..] => self.single_quoted()?,
            [b'"', ..] => self.double_quoted()?,
            [b'{', b'}', ..] | [b'[', b']', ..] => self.empty()?,
            [b'|', ..] => self.block(column, false)?,
            [b'>', ..] => self.block(column, true)?,
            [b'-' | b'?' | b':', b' ' | b'\n', ..] => return None,
            [b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`', ..] => {
                return None;
            }
            _ => self.plain(column)?,
        };
        (end == End::Line || self.at - from <= LONGEST_KEY).then_some(end)
    }

    fn empty(&mut self) -> Option<End> {
        self.json.extend_from_slice(&self.bytes[self.at..self.at + 2]);
        self.at += 2;
        self.spaces();
        self.end_line()
    }

    fn plain(&mut self, column: Option<usize>) -> Option<End> {
        let (from, start) = (self.at, self.json.len());
        self.json.push(b'"');
        if self.plain_line()? == End::Colon {
            self.json.push(b'"');
            return Some(End::Colon);
        }
        let end = self.at - self.trim(start + 1);
        let line = self.text.get(from..end)?;
        let mut goes_on = self.goes_on(column);
        if !goes_on && is_literal(line) {
            self.json.truncate(start);
            self.json.extend_from_slice(literal(line).as_bytes());
            return Some(End::Line);
        }
        while goes_on {
            if self.plain_line()? == End::Colon {
                return None;
            }
            self.trim(start + 1);
            goes_on = self.goes_on(column);
        }
        self.json.push(b'"');
        Some(End::Line)
    }

    /// Reads what a plain scalar has of a line.
    fn plain_line(&mut self) -> Option<End> {
        loop {
            self.copy_before([b'"', b'\\', b':', b'#', b'\n']);
            let is_behind_space = self.bytes[..self.at].ends_with(b" ");
            match self.bytes[self.at..] {
                [b'\n', ..] => return Some(End::Line),
                [b':', b' ' | b'\n', ..] => return (!is_behind_space).then_some(End::Colon),
                [b'#', ..] if is_behind_space => return None,
                [byte @ (b':' | b'#'), ..] => {
                    self.json.push(byte);
                    self.at += 1;
                }
                [_, ..] => self.escape_before([b':', b'#', b'\n']),
                [] => return None,
            }
        }
    }

    /// Passes to the next line, where a plain scalar goes on in it.
    fn goes_on(&mut self, outer: Option<usize>) -> bool {
        let (breaks, column) = self.breaks();
        let goes_on = outer.is_some_and(|outer| column > outer);
        if goes_on {
            self.put_folded(breaks);
        } else {
            self.at -= column;
        }
        goes_on
    }

    fn single_quoted(&mut self) -> Option<End> {
        self.json.push(b'"');
        self.at += 1;
        let start = self.json.len();
        let mut is_one_line = true;
        loop {
            self.copy_before([b'\'', b'"', b'\\', b'\n']);
            match self.bytes[self.at..] {
                [b'\'', b'\'', ..] => {
                    self.json.push(b'\'');
                    self.at += 2;
                }
                [b'\'', ..] => return self.close(is_one_line),
                [b'\n', ..] => {
                    self.trim(start);
                    self.fold()?;
                    is_one_line = false;
                }
                [_, ..] => self.escape_before([b'\'', b'\n']),
                [] => return None,
            }
        }
    }

    fn double_quoted(&mut self) -> Option<End> {
        self.json.push(b'"');
        self.at += 1;
        // Spaces that stand for themselves at a line's end are none of the text, those of escapes are.
        let mut kept = self.json.len();
        let mut is_one_line = true;
        loop {
            self.copy_before([b'"', b'\\', b'\n']);
            match self.bytes[self.at..] {
                [b'"', ..] => return self.close(is_one_line),
                [b'\n', ..] => {
                    self.trim(kept);
                    self.fold()?;
                    is_one_line = false;
                }
                [b'\\', b'\n', ..] => {
                    self.at += 1;
                    let (breaks, column) = self.breaks();
                    self.put_breaks(breaks - 1);
                    is_one_line = false;
                    if column == 0 {
                        return None;
                    }
                }
                [b'\\', ..] => {
                    self.escape()?;
                    kept = self.json.len();
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let letter = *self.bytes.get(self.at + 1)?;
        let character = match letter {
            b'"' | b'\\' | b'n' | b't' | b'r' | b'b' | b'f' => {
                self.json.extend_from_slice(&[b'\\', letter]);
                self.at += 2;
                return Some(());
            }
            b'x' => self.number(2)?,
            b'u' => self.number(4)?,
            b'U' => self.number(8)?,
            b'0' => '\0',
            b'a' => '\x07',
            b'v' => '\x0b',
            b'e' => '\x1b',
            b' ' | b'/' => char::from(letter),
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            _ => return None,
        };
        self.at += 2;
        match character {
            '"' | '\\' | ..' ' => put_escaped(character as u8, self.json),
            _ => self.json.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        Some(())
    }

    /// The character that has the number in so many digits behind an escape's letter; passes over them.
    fn number(&mut self, digits: usize) -> Option<char> {
        let from = self.at + 2;
        let number = self.bytes.get(from..from + digits)?;
        self.at += digits;
        // Half a character of UTF-16 is none.
        char::from_u32(
            number.iter().try_fold(0, |all, &digit| Some(all << 4 | char::from(digit).to_digit(16)?))?,
        )
    }

    /// Ends a text in quotes.
    fn close(&mut self, is_one_line: bool) -> Option<End> {
        self.json.push(b'"');
        self.at += 1;
        if let [b':', b' ' | b'\n', ..] = self.bytes[self.at..] {
            return is_one_line.then_some(End::Colon);
        }
        self.end_line()
    }

    fn block(&mut self, outer: Option<usize>, is_folded: bool) -> Option<End> {
        let chomp = match *self.bytes.get(self.at + 1)? {
            b'-' => Chomp::None,
            b'+' => Chomp::All,
            _ => Chomp::One,
        };
        self.at += if let Chomp::One = chomp { 1 } else { 2 };
        self.end_line()?;
        let indent = self.spaces();
        if indent <= outer? || self.bytes.get(self.at) == Some(&b'\n') {
            return None;
        }
        self.json.push(b'"');
        let breaks = self.block_lines(indent, is_folded)?;
        self.put_breaks(match chomp {
            Chomp::None => 0,
            Chomp::One => 1,
            Chomp::All => breaks,
        });
        self.json.push(b'"');
        Some(End::Line)
    }

    /// Reads the lines of a block; gives how many line ends are behind the last that has something in it.
    fn block_lines(&mut self, indent: usize, is_folded: bool) -> Option<usize> {
        // A line that is further in is not folded.
        let (mut breaks, mut was_further) = (0, true);
        loop {
            let is_further = *self.bytes.get(self.at)? == b' ';
            if is_folded && !was_further && !is_further {
                self.put_folded(breaks);
            } else {
                self.put_breaks(breaks);
            }
            was_further = is_further;
            self.block_line()?;
            let goes_on;
            (breaks, goes_on) = self.block_breaks(indent);
            if !goes_on {
                return Some(breaks);
            }
        }
    }

    /// Passes the end of a line of a block, and lines with nothing in them; gives how many ends that are, and whether a
    /// line of the block comes then.
    fn block_breaks(&mut self, indent: usize) -> (usize, bool) {
        let mut breaks = 0;
        loop {
            self.at += 1;
            breaks += 1;
            let line = &self.bytes[self.at..];
            let column = line.iter().take(indent).take_while(|byte| **byte == b' ').count();
            let next = line.get(column);
            let goes_on = column == indent && next.is_some();
            if goes_on || next == Some(&b'\n') {
                self.at += column;
            }
            if next != Some(&b'\n') {
                return (breaks, goes_on);
            }
        }
    }

    fn block_line(&mut self) -> Option<()> {
        loop {
            self.copy_before([b'"', b'\\', b'\n']);
            if *self.bytes.get(self.at)? == b'\n' {
                return Some(());
            }
            self.escape_before([b'\n']);
        }
    }

    fn copy_before<const N: usize>(&mut self, stops: [u8; N]) {
        self.at += copy_before(stops, &self.bytes[self.at..], self.json);
    }

    /// Writes the quote or backslash that is here, and mostly all before the first of these bytes.
    fn escape_before<const N: usize>(&mut self, stops: [u8; N]) {
        put_escaped(self.bytes[self.at], self.json);
        self.at += 1;
        self.at += escape_before(stops, &self.bytes[self.at..], self.json);
    }

    /// Passes over spaces; gives how many.
    pub(super) fn spaces(&mut self) -> usize {
        let spaces = self.bytes[self.at..].iter().take_while(|byte| **byte == b' ').count();
        self.at += spaces;
        spaces
    }

    /// Passes over what is left of a line, which has nothing in it.
    fn end_line(&mut self) -> Option<End> {
        self.spaces();
        let is_end = self.bytes.get(self.at) == Some(&b'\n');
        self.at += 1;
        is_end.then_some(End::Line)
    }

    /// Passes the end of a line in quotes, and lines with nothing in them.
    fn fold(&mut self) -> Option<()> {
        let (breaks, column) = self.breaks();
        self.put_folded(breaks);
        // At the left, a document can end.
        (column > 0).then_some(())
    }

    /// Passes the end of a line, and lines with nothing in them; gives how many ends that are, and the column of what
    /// comes then.
    fn breaks(&mut self) -> (usize, usize) {
        let mut breaks = 0;
        loop {
            self.at += 1;
            breaks += 1;
            let column = self.spaces();
            if self.bytes.get(self.at) != Some(&b'\n') {
                return (breaks, column);
            }
        }
    }

    /// The first of line ends is a space where there is no other, and else nothing.
    fn put_folded(&mut self, breaks: usize) {
        if breaks == 1 {
            self.json.push(b' ');
        } else {
            self.put_breaks(breaks - 1);
        }
    }

    fn put_breaks(&mut self, breaks: usize) {
        (0..breaks).for_each(|_| self.json.extend_from_slice(b"\\n"));
    }

    /// Takes off the spaces that a text ends with; gives how many.
    fn trim(&mut self, start: usize) -> usize {
        let spaces = self.json[start..].iter().rev().take_while(|byte| **byte == b' ').count();
        self.json.truncate(self.json.len() - spaces);
        spaces
    }
}
