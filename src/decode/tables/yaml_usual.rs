//! YAML as programs write it: mappings and lists in lines of their own, and in them scalars that are plain, in quotes or in
//! blocks, folded or not. It becomes JSON where it stands, in one pass. Any other text is a parser's, and what is read here
//! is what the parser makes of it.

use std::cmp::Ordering;

use super::yaml_scalars::{End, Scalars};

/// Mappings and lists in each other. The parser takes more.
const MAX_DEPTH: usize = 128;

/// Writes the JSON of a text. False where it is not usual: nothing is written then.
pub(super) fn write(text: &str, json: &mut Vec<u8>) -> bool {
    let start = json.len();
    let is_usual =
        text.ends_with('\n') && is_printable(text.as_bytes()) && Writer::new(text, json).document().is_some();
    if !is_usual {
        json.truncate(start);
    }
    is_usual
}

/// Whether a text has no tab, no mark of byte order, and of control characters only `\n`.
fn is_printable(text: &[u8]) -> bool {
    // Without a way out, so that many bytes are looked at at a time.
    let is_other = |byte: &u8| (*byte < b' ') & (*byte != b'\n') | (*byte == 0x7f);
    let others = text.iter().fold(0, |others, byte| others | u8::from(is_other(byte)));
    others == 0
        && memchr::memchr2_iter(0xc2, 0xef, text).all(|at| match text[at..] {
            [0xc2, second, ..] => second > 0x9f,
            [_, 0xbb, 0xbf, ..] | [_, 0xbf, 0xbe | 0xbf, ..] => false,
            _ => true,
        })
}

/// A mapping or a list that is open.
struct Open {
    column: usize,
    is_map: bool,
}

struct Writer<'t, 'j> {
    scalars: Scalars<'t, 'j>,
    open: Vec<Open>,
    /// The document, or the last key or dash, has no value yet.
    is_due: bool,
}

/// None stands for what is not usual.
impl<'t, 'j> Writer<'t, 'j> {
    fn new(text: &'t str, json: &'j mut Vec<u8>) -> Self {
        Self { scalars: Scalars::new(text, json), open: Vec::with_capacity(16), is_due: true }
    }

    fn document(&mut self) -> Option<()> {
        loop {
            let column = self.scalars.spaces();
            match self.scalars.bytes.get(self.scalars.at) {
                Some(b'\n') => self.scalars.at += 1,
                Some(_) => self.line(column)?,
                None => break,
            }
        }
        self.open.last()?;
        while !self.open.is_empty() {
            self.leave();
        }
        Some(())
    }

    /// Reads what begins in this column of a line.
    fn line(&mut self, column: usize) -> Option<()> {
        let is_dash = self.is_dash();
        if column == 0
            && matches!(
                self.scalars.bytes[self.scalars.at..],
                [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]
            )
        {
            return None;
        }
        while let Some(&Open { column: before, is_map }) = self.open.last() {
            match column.cmp(&before) {
                Ordering::Less => self.leave(),
                Ordering::Equal if is_map != is_dash => return self.next(column),
                // A list does not have to be further in than its key.
                Ordering::Equal if !is_map && self.is_level() => self.leave(),
                Ordering::Equal if !is_map => return None,
                _ => break,
            }
        }
        if !std::mem::take(&mut self.is_due) {
            return None;
        }
        self.node(column)
    }

    /// Whether the innermost list has its dashes in the column of the mapping that it is in.
    fn is_level(&self) -> bool {
        matches!(self.open[..], [.., Open { is_map: true, column: outer }, Open { column, .. }] if outer == column)
    }

    /// Reads the next element of a list, or the next key and its value.
    fn next(&mut self, column: usize) -> Option<()> {
        self.settle();
        self.scalars.json.push(b',');
        if !self.open.last()?.is_map {
            return self.element(column);
        }
        match self.scalar()? {
            End::Colon => self.value(),
            End::Line => None,
        }
    }

    fn element(&mut self, column: usize) -> Option<()> {
        self.scalars.at += 1;
        let column = column + 1 + self.scalars.spaces();
        if self.is_below() { Some(()) } else { self.node(column) }
    }

    /// Reads a value that can be a mapping or a list.
    fn node(&mut self, column: usize) -> Option<()> {
        if self.is_dash() {
            self.scalars.json.push(b'[');
            self.enter(column, false)?;
            return self.element(column);
        }
        let start = self.scalars.json.len();
        if self.scalar()? == End::Line {
            return self.open.last().map(|_| ());
        }
        self.scalars.json.insert(start, b'{');
        self.enter(column, true)?;
        self.value()
    }

    /// Reads what stands behind a key.
    fn value(&mut self) -> Option<()> {
        self.scalars.json.push(b':');
        self.scalars.at += 1;
        self.scalars.spaces();
        if self.is_below() {
            return Some(());
        }
        (!self.is_dash() && self.scalar()? == End::Line).then_some(())
    }

    fn scalar(&mut self) -> Option<End> {
        self.scalars.read(self.open.last().map(|open| open.column))
    }

    fn enter(&mut self, column: usize, is_map: bool) -> Option<()> {
        self.open.push(Open { column, is_map });
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    fn leave(&mut self) {
        self.settle();
        if let Some(open) = self.open.pop() {
            self.scalars.json.push(if open.is_map { b'}' } else { b']' });
        }
    }

    /// What no value came for has none.
    fn settle(&mut self) {
        if std::mem::take(&mut self.is_due) {
            self.scalars.json.extend_from_slice(b"null");
        }
    }

    fn is_dash(&self) -> bool {
        matches!(self.scalars.bytes[self.scalars.at..], [b'-', b' ' | b'\n', ..])
    }

    /// Passes the end of a line, if it is here, behind which the value stands then.
    fn is_below(&mut self) -> bool {
        self.is_due = self.scalars.bytes.get(self.scalars.at) == Some(&b'\n');
        self.scalars.at += usize::from(self.is_due);
        self.is_due
    }
}

#[cfg(test)]
#[path = "yaml_usual_tests.rs"]
mod tests;
