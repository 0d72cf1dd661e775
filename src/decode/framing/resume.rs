//! Where framing goes on after a record that was cut or is too long: the lines that begin another.

use memchr::memmem;

use super::{Place, line_ends, scan};

/// A line with something on it.
pub(super) struct Line {
    pub(super) first: usize,
    /// Of that, in its line.
    pub(super) column: usize,
}

impl Line {
    /// The line after a newline; `None` where the buffer ends before it shows what it begins with, or what a
    /// comma there leads.
    pub(super) fn after(buffer: &[u8], newline: usize) -> Option<Self> {
        let blanks = buffer[newline + 1..].iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))?;
        let first = newline + 1 + blanks;
        let line = Self { first, column: blanks };
        (buffer[first] != b',' || line.led(buffer).is_some()).then_some(line)
    }

    pub(super) fn begins_record(&self, buffer: &[u8], column: usize) -> bool {
        self.column <= column
            && match buffer[self.first] {
                b'\n' | b'\0' | b'}' | b']' | b'"' => false,
                b',' => self.led(buffer) == Some(b'{'),
                _ => true,
            }
    }

    /// What stands behind the line's first character.
    fn led(&self, buffer: &[u8]) -> Option<u8> {
        buffer.get(scan::skip_blanks(buffer, self.first + 1)).copied()
    }
}

/// Where framing goes on after a broken value; `None` where that isn't in the buffer.
pub(super) fn resume(buffer: &[u8], start: usize, column: usize, eof: bool, place: Place) -> Option<usize> {
    let rest = &buffer[start..];
    let mut newlines = line_ends(rest).peekable();
    if place == Place::Top {
        let line = &rest[..newlines.peek().copied().unwrap_or(rest.len())];
        if let Some(joint) = memmem::find(line, b"}{\"") {
            return Some(start + joint + 1);
        }
    }
    for newline in newlines {
        let newline = start + newline;
        if buffer[newline] == b'\0' {
            // No record goes on behind a hole, which can be longer than what is looked at.
            return Some(newline);
        }
        match Line::after(buffer, newline) {
            Some(line) if line.begins_record(buffer, column) => return Some(newline + 1),
            Some(_) => {}
            None => break,
        }
    }
    eof.then_some(buffer.len())
}
