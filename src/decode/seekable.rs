//! A file that is read at any place, by several readers at once: for contents that begin with their end, as zip and
//! Parquet do.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::decompress::{Total, Whole};

/// The most that is written to a temporary file, where such a content comes through a stream: from
/// standard input, out of an archive, or compressed.
const LONGEST: u64 = 8 << 30;

/// A file's bytes with a position of its own. Clones share the file.
#[derive(Debug, Clone)]
pub(super) struct Seekable {
    file: Arc<File>,
    length: u64,
    position: u64,
}

impl Seekable {
    /// A file as it is now; what is written to it later is not seen.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), length, position: 0 })
    }

    /// What a stream gives, in a temporary file that has no name and goes with the last clone.
    pub(super) fn spool(reader: impl Read) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        let copied = io::copy(&mut reader.take(LONGEST + 1), &mut file)?;
        if copied > LONGEST {
            let message = format!("longer than {LONGEST} bytes: unpack it and ingest what is in it");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Self::new(file)
    }

    /// A source that is this file, or comes through a stream.
    pub(super) fn of(file: Option<File>, stream: Whole, total: &Total) -> io::Result<Self> {
        let Some(file) = file else { return Self::spool(stream) };
        let file = Self::new(file)?;
        total.is_stored_in(file.length);
        Ok(file)
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The same file, read from a position.
    pub(super) fn at(&self, position: u64) -> Self {
        Self { position, ..self.clone() }
    }
}

impl Read for Seekable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..wanted], self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Seekable {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(offset) => (self.length, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        let position = base.checked_add_signed(offset);
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_read_the_same_file_each_from_its_own_place() {
        let mut one = Seekable::spool(&b"0123456789"[..]).unwrap();
        let mut two = one.at(7);
        let (mut first, mut last) = (String::new(), String::new());
        one.by_ref().take(3).read_to_string(&mut first).unwrap();
        two.read_to_string(&mut last).unwrap();
        assert_eq!((first.as_str(), last.as_str(), one.length()), ("012", "789", 10));
        assert_eq!(one.seek(SeekFrom::Current(-1)).unwrap(), 2);
        assert_eq!(one.seek(SeekFrom::End(-1)).unwrap(), 9);
        assert!(one.seek(SeekFrom::End(-11)).is_err());
        assert_eq!(one.at(99).read(&mut [0; 4]).unwrap(), 0);
    }
}
