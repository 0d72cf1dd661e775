//! Archives: their members, one after another. Nothing is unpacked to disk, and a member's name is only a name.
//!
//! A member is read in the order in which it stands. A damaged member costs what is left of it, a damaged archive
//! what is left of that.

mod tar;
mod zip;

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) use tar::is_tar;
pub(super) use zip::is_zip;

use super::decompress::{MAX_RATIO, RATIO_FLOOR, Whole};
use super::error::{DecodeError, StreamError};
use super::seekable::Seekable;

/// Archives inside archives that are opened.
pub const MAX_DEPTH: usize = 3;

/// Members of one archive that are read.
pub const MAX_MEMBERS: usize = 100_000;

/// The files in an archive.
pub struct Archive {
    form: &'static str,
    members: Kind,
    /// How often a name has come, since names may come twice.
    names: HashMap<Vec<u8>, u32>,
    count: usize,
    /// Bytes of all members so far, and of the archive where it can be told.
    given: Arc<AtomicU64>,
    length: Option<u64>,
}

enum Kind {
    Tar(tar::Tar),
    Zip(zip::Zip),
}

/// A file as its archive gives it.
struct Entry {
    name: Vec<u8>,
    body: io::Result<Whole>,
}

/// A file in an archive.
pub struct Member {
    /// As the archive has it: it may be absolute, lead out of the archive, or be no UTF-8.
    pub name: Vec<u8>,
    /// 1, or more where the name came before: which of the members of this name it is.
    pub turn: u32,
    /// Its bytes, to be read before the next member is asked for; or why they cannot be read.
    pub body: Result<Whole, DecodeError>,
}

impl Archive {
    pub(super) fn tar(reader: Whole) -> Self {
        Self::new("tar", Kind::Tar(tar::Tar::new(reader)), None)
    }

    pub(super) fn zip(file: Seekable) -> Result<Self, DecodeError> {
        let length = file.length();
        let zip = zip::Zip::open(file).map_err(|source| DecodeError::Archive {
            form: "zip",
            members: 0,
            source,
        })?;
        Ok(Self::new("zip", Kind::Zip(zip), Some(length)))
    }

    fn new(form: &'static str, members: Kind, length: Option<u64>) -> Self {
        Self { form, members, names: HashMap::new(), count: 0, given: Arc::default(), length }
    }

    /// The next file that may be a log: as in folders, names that begin with `.` or `_` are passed by.
    ///
    /// # Errors
    /// When the archive is damaged or has too many members; then nothing more can be had of it.
    pub fn next_member(&mut self) -> Result<Option<Member>, DecodeError> {
        loop {
            let entry = match &mut self.members {
                Kind::Tar(tar) => tar.next_entry(),
                Kind::Zip(zip) => zip.next_entry(),
            };
            let (form, members) = (self.form, self.count);
            let Some(entry) = entry.map_err(|source| DecodeError::Archive { form, members, source })? else {
                return Ok(None);
            };
            self.count += 1;
            if self.count > MAX_MEMBERS {
                return Err(DecodeError::TooManyMembers(MAX_MEMBERS));
            }
            if is_hidden(&entry.name) {
                continue;
            }
            let turn = self.names.entry(entry.name.clone()).or_default();
            *turn += 1;
            let turn = *turn;
            let body = entry.body.map(|reader| self.limited(reader));
            let body = body.map_err(|source| DecodeError::Member { source });
            return Ok(Some(Member { name: entry.name, turn, body }));
        }
    }

    /// The bytes of the file of this name, which has to come yet; of several of a name, the one of that turn.
    ///
    /// # Errors
    /// As [`Self::next_member`], and where the file itself cannot be read.
    pub fn find(&mut self, name: &[u8], turn: u32) -> Result<Option<Whole>, DecodeError> {
        while let Some(member) = self.next_member()? {
            if (member.name.as_slice(), member.turn) == (name, turn) {
                return member.body.map(Some);
            }
        }
        Ok(None)
    }

    /// Members of a zip may share their bytes, so that each is small and all together are a bomb.
    fn limited(&self, reader: Whole) -> Whole {
        match self.length {
            Some(length) => Box::new(Limited { reader, given: Arc::clone(&self.given), length }),
            None => reader,
        }
    }
}

fn is_hidden(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| *byte == b'/');
    parts.any(|part| matches!(part.first(), Some(b'.' | b'_')) && part != b"." && part != b"..")
}

struct Limited {
    reader: Whole,
    given: Arc<AtomicU64>,
    length: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let given = self.given.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        if given > RATIO_FLOOR && given / self.length.max(1) > MAX_RATIO {
            let bomb = StreamError::Bomb { format: "zip", ratio: MAX_RATIO, bytes: RATIO_FLOOR };
            return Err(io::Error::new(io::ErrorKind::InvalidData, bomb));
        }
        Ok(read)
    }
}

#[cfg(test)]
#[path = "../archive_tests.rs"]
mod tests;
