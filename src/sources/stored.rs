//! A source's bytes as stored: counted and hashed while something else reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::hash::hex;

/// How many of the first bytes of a source are hashed by themselves.
pub const HEAD: usize = 4096;

/// Bytes read at a time where they are only hashed.
const BLOCK: usize = 256 << 10;

/// A reader that is handed away in one copy while the other copy tells what went through.
#[derive(Clone)]
pub(crate) struct Stored(Arc<Mutex<State>>);

struct State {
    reader: Box<dyn Read + Send>,
    hash: Sha256,
    /// Of the first [`HEAD`] bytes.
    head: Sha256,
    bytes: u64,
    /// Lengths from the start whose hash is wanted, as far as they were not reached.
    lengths: BTreeSet<u64>,
    /// The hashes of those that were.
    prefixes: BTreeMap<u64, String>,
    failed: bool,
    /// A file that is being written may go on behind where it ended. What is hashed and counted ends where the records do.
    ended: bool,
}

impl Stored {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self::with_prefixes(reader, BTreeSet::new())
    }

    /// Hashes the first bytes too, at each of these lengths.
    pub(crate) fn with_prefixes(reader: Box<dyn Read + Send>, mut lengths: BTreeSet<u64>) -> Self {
        lengths.remove(&0);
        Self(Arc::new(Mutex::new(State {
            reader,
            hash: Sha256::new(),
            head: Sha256::new(),
            bytes: 0,
            lengths,
            prefixes: BTreeMap::new(),
            failed: false,
            ended: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// The hashes of the first bytes, by their length, as far as they were read.
    #[cfg(any(test, feature = "engine"))]
    pub(crate) fn prefixes(&self) -> BTreeMap<u64, String> {
        self.state().prefixes.clone()
    }

    /// SHA-256 of the first [`HEAD`] bytes, or of all where they are fewer.
    pub(crate) fn head(&self) -> String {
        hex(&self.state().head.clone().finalize())
    }

    /// Reads on up to `length` bytes from the start and gives the hash of these; none where there are
    /// fewer, or more were read already.
    pub(crate) fn hash_of(&mut self, length: u64, going: &dyn Fn() -> bool) -> Option<String> {
        let mut block = vec![0; BLOCK];
        while self.state().bytes < length && going() {
            let wanted = usize::try_from(length - self.state().bytes).unwrap_or(BLOCK).min(BLOCK);
            match self.read(&mut block[..wanted]) {
                Ok(0) => return None,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return None,
                _ => {}
            }
        }
        let state = self.state();
        (state.bytes == length).then(|| hex(&state.hash.clone().finalize()))
    }

    /// Reads what is left, `going` being asked in between, and gives the hash of all; none where the
    /// source could not be read to its end.
    pub(crate) fn finish(&mut self, going: &dyn Fn() -> bool) -> io::Result<Option<String>> {
        let mut block = vec![0; BLOCK];
        while !self.state().failed && going() {
            match self.read(&mut block) {
                Ok(0) => return Ok(Some(hex(&self.state().hash.clone().finalize()))),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.ended {
            return Ok(0);
        }
        let next = state.lengths.first().map(|length| usize::try_from(length - state.bytes));
        let room = next.and_then(Result::ok).map_or(buffer.len(), |next| next.min(buffer.len()));
        let buffer = &mut buffer[..room];
        match state.reader.read(buffer) {
            Ok(read) => {
                state.ended = read == 0 && !buffer.is_empty();
                state.hash.update(&buffer[..read]);
                let of_head = HEAD.saturating_sub(usize::try_from(state.bytes).unwrap_or(HEAD)).min(read);
                state.head.update(&buffer[..of_head]);
                state.bytes += read as u64;
                let bytes = state.bytes;
                if state.lengths.remove(&bytes) {
                    let hash = hex(&state.hash.clone().finalize());
                    state.prefixes.insert(bytes, hash);
                }
                Ok(read)
            }
            Err(error) => {
                state.failed = error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    /// A file that is appended to after its end was read.
    struct Growing(Vec<&'static [u8]>);

    impl Read for Growing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Ok(0) } else { self.0.remove(0).read(buffer) }
        }
    }

    #[test]
    fn a_source_ends_where_its_end_was_read_first() {
        let mut stored = Stored::new(Box::new(Growing(vec![b"one\n", b"", b"two\n"])));
        let mut text = Vec::new();
        stored.clone().read_to_end(&mut text).unwrap();
        assert_eq!(text, b"one\n");
        assert_eq!(stored.finish(&|| true).unwrap(), Some(sha256(b"one\n")));
        assert_eq!(Stored::bytes(&stored), 4);
    }

    #[test]
    fn the_first_bytes_are_hashed_at_the_lengths_that_are_wanted() {
        let mut stored = Stored::with_prefixes(Box::new(&b"onetwothree"[..]), [0, 3, 6, 99].into());
        stored.finish(&|| true).unwrap();
        let hashes = [(3, b"one".as_slice()), (6, b"onetwo")].map(|(length, text)| (length, sha256(text)));
        assert_eq!(stored.prefixes(), hashes.into());
    }

    #[test]
    fn a_read_into_nothing_is_no_end() {
        let mut stored = Stored::new(Box::new(&b"one"[..]));
        assert_eq!(stored.read(&mut []).unwrap(), 0);
        assert_eq!(stored.finish(&|| true).unwrap(), Some(sha256(b"one")));
    }
}
