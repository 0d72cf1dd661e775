//! A table's text, of which a row or so is held at a time.

use std::io::{self, Cursor, Read};

use crate::decode::decompress::{Failing, Whole};

/// The longest row in bytes, as stored. An open quote must not gather the rest of the file.
pub(super) const LONGEST: usize = 64 << 20;

/// A byte order mark.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes read at a time.
const BLOCK: usize = if cfg!(test) { 16 } else { 256 << 10 };

/// What was read and not yet passed.
pub(super) struct Window {
    reader: Whole,
    buffer: Vec<u8>,
    /// Where the next row begins in it.
    at: usize,
    is_end: bool,
    failure: Option<io::Error>,
}

impl Window {
    pub(super) fn new(reader: Whole) -> Self {
        Self { reader, buffer: Vec::new(), at: 0, is_end: false, failure: None }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Passes over bytes of it; gives them.
    pub(super) fn pass(&mut self, length: usize) -> &[u8] {
        self.at += length;
        &self.buffer[self.at - length..self.at]
    }

    /// Passes over a byte order mark.
    pub(super) fn pass_mark(&mut self) {
        let length = if self.bytes().starts_with(MARK) { MARK.len() } else { 0 };
        self.pass(length);
    }

    /// There is no more than these bytes.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Reads more, unless what is there is too long already, which is the error that is told then.
    pub(super) fn fill(&mut self, too_long: fn() -> io::Error) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.len() > LONGEST {
            return Err(too_long());
        }
        // As much as there is, so that looking through a long row again and again stays linear.
        let amount = self.buffer.len().max(BLOCK);
        match (&mut self.reader).take(amount as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.is_end = read < amount,
            Err(error) => self.failure = Some(error),
        }
        Ok(())
    }

    /// These bytes and what is behind them, with others in front.
    pub(super) fn rest(&mut self, front: &[u8]) -> Whole {
        let rest = [front, self.bytes()].concat();
        let reader = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        Box::new(Cursor::new(rest).chain(Failing(self.failure.take())).chain(reader))
    }
}
