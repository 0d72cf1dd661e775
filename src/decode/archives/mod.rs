//! Archives: their members, one after another. Nothing is unpacked to disk, and a member's name is only a name.
//!
//! A member is read in the order in which it stands. A damaged member costs what is left of it, a damaged archive
//! what is left of that.

mod tar;
mod zip;

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;

pub(super) use tar::is_tar;
pub(super) use zip::is_zip;

use super::decompress::{Total, Whole};
use super::error::DecodeError;
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
    total: Arc<Total>,
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
    /// What it is part of.
    pub within: Within,
}

/// The source that a file in an archive belongs to, whose limits hold for all in it together.
#[derive(Debug, Clone)]
pub struct Within(pub(super) Arc<Total>);

impl Archive {
    pub(super) fn tar(reader: Whole, total: Arc<Total>) -> Self {
        Self::new("tar", Kind::Tar(tar::Tar::new(reader)), total)
    }

    pub(super) fn zip(file: Seekable, total: Arc<Total>) -> Result<Self, DecodeError> {
        let zip = zip::Zip::open(file, Arc::clone(&total)).map_err(|source| DecodeError::Archive {
            form: "zip",
            members: 0,
            source,
        })?;
        Ok(Self::new("zip", Kind::Zip(zip), total))
    }

    fn new(form: &'static str, members: Kind, total: Arc<Total>) -> Self {
        Self { form, members, names: HashMap::new(), count: 0, total }
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
            let within = Within(Arc::clone(&self.total));
            return Ok(Some(Member { name: entry.name, turn, body, within }));
        }
    }

    /// The file of this name, which has to come yet; of several of a name, the one of that turn.
    ///
    /// # Errors
    /// As [`Self::next_member`].
    pub fn find(&mut self, name: &[u8], turn: u32) -> Result<Option<Member>, DecodeError> {
        while let Some(member) = self.next_member()? {
            if (member.name.as_slice(), member.turn) == (name, turn) {
                return Ok(Some(member));
            }
        }
        Ok(None)
    }

    /// Members of a zip may share their bytes, so that each is small and all together are a bomb.
    fn limited(&self, reader: Whole) -> Whole {
        match self.members {
            Kind::Zip(_) => Box::new(Limited { reader, total: Arc::clone(&self.total) }),
            Kind::Tar(_) => reader,
        }
    }
}

fn is_hidden(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| *byte == b'/');
    parts.any(|part| matches!(part.first(), Some(b'.' | b'_')) && part != b"." && part != b"..")
}

struct Limited {
    reader: Whole,
    total: Arc<Total>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.total.gave("zip", read)?;
        Ok(read)
    }
}

#[cfg(test)]
#[path = "../archive_tests.rs"]
mod tests;
