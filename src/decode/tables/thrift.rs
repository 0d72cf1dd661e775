//! Thrift's compact protocol, in which Parquet says what it holds, read for its numbers alone. The library makes room for as
//! many things as such a number says, and goes as deep.

use std::io::{self, Read};

use super::damaged;

/// Structures inside structures. Parquet's own are half as deep.
const DEEPEST: usize = 16;

/// The kind of a list among values.
const LIST: u8 = 9;

/// What stands at a place.
pub(super) enum Item {
    /// A list begins, of so many things.
    List(u64),
    Number(i64),
    /// A structure ends.
    End,
}

/// Reads one structure and shows what is in it: the numbers of the fields on the way there, and the item.
pub(super) fn walk(
    reader: &mut dyn Read,
    see: &mut dyn FnMut(&[i16], Item) -> io::Result<()>,
) -> io::Result<()> {
    Walk { reader, see, path: Vec::new() }.structure()
}

struct Walk<'w> {
    reader: &'w mut dyn Read,
    see: &'w mut dyn FnMut(&[i16], Item) -> io::Result<()>,
    path: Vec<i16>,
}

impl Walk<'_> {
    fn structure(&mut self) -> io::Result<()> {
        if self.path.len() == DEEPEST {
            return Err(damaged("structures too deep in one another"));
        }
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return (self.see)(&self.path, Item::End);
            }
            let step = i16::from(head >> 4);
            let next = if step == 0 { i16::try_from(self.number()?).ok() } else { field.checked_add(step) };
            field = next.ok_or_else(|| damaged("a field with an impossible number"))?;
            self.path.push(field);
            self.value(head & 0xf)?;
            self.path.pop();
        }
    }

    fn value(&mut self, kind: u8) -> io::Result<()> {
        match kind {
            // A truth is in the kind.
            1 | 2 => Ok(()),
            3 => self.pass(1),
            4..=6 => {
                let number = self.number()?;
                (self.see)(&self.path, Item::Number(number))
            }
            7 => self.pass(8),
            8 => {
                let length = self.size()?;
                self.pass(length)
            }
            LIST => self.list(),
            12 => self.structure(),
            // Sets, maps and UUIDs: Parquet has none.
            _ => Err(damaged("a value of an unknown kind")),
        }
    }

    fn list(&mut self) -> io::Result<()> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.size()? } else { u64::from(head >> 4) };
        (self.see)(&self.path, Item::List(length))?;
        // Truths take a byte in a list, or none, as different readers have it.
        if matches!(head & 0xf, 0..=2) {
            return Err(damaged("a list of an unknown kind"));
        }
        // Parquet has none; each would be a call deeper.
        if head & 0xf == LIST {
            return Err(damaged("lists in a list"));
        }
        (0..length).try_for_each(|_| self.value(head & 0xf))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn size(&mut self) -> io::Result<u64> {
        varint(&mut self.reader)
    }

    fn number(&mut self) -> io::Result<i64> {
        varint(&mut self.reader).map(zigzag)
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        match io::copy(&mut (&mut self.reader).take(length), &mut io::sink())? {
            passed if passed == length => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A number in as few bytes as it needs, seven bits in each.
pub(super) fn varint(reader: &mut impl Read) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        value |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged("a number that does not end"))
}

/// The number whose sign stands in the lowest bit.
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
