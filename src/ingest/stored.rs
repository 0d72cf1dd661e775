//! A source's bytes as stored: counted and hashed while something else reads them.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::lake::commit::HEAD;
use crate::lake::hex;

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
    failed: bool,
    /// A file that is being written may go on behind where it ended. What is hashed and counted ends where the records do.
    ended: bool,
}

impl Stored {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        let (hash, head) = (Sha256::new(), Sha256::new());
        Self(Arc::new(Mutex::new(State { reader, hash, head, bytes: 0, failed: false, ended: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// SHA-256 of the first [`HEAD`] bytes, or of all where they are fewer.
    pub(super) fn head(&self) -> String {
        hex(&self.state().head.clone().finalize())
    }

    /// Reads on up to `length` bytes from the start and gives the hash of these; none where there are
    /// fewer, or more were read already.
    pub(super) fn hash_of(&mut self, length: u64, going: &dyn Fn() -> bool) -> Option<String> {
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
        match state.reader.read(buffer) {
            Ok(read) => {
                state.ended = read == 0 && !buffer.is_empty();
                state.hash.update(&buffer[..read]);
                let of_head = HEAD.saturating_sub(usize::try_from(state.bytes).unwrap_or(HEAD)).min(read);
                state.head.update(&buffer[..of_head]);
                state.bytes += read as u64;
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
        assert_eq!(stored.finish(&|| true).unwrap(), Some(hex(&Sha256::digest(b"one\n"))));
        assert_eq!(Stored::bytes(&stored), 4);
    }

    #[test]
    fn a_read_into_nothing_is_no_end() {
        let mut stored = Stored::new(Box::new(&b"one"[..]));
        assert_eq!(stored.read(&mut []).unwrap(), 0);
        assert_eq!(stored.finish(&|| true).unwrap(), Some(hex(&Sha256::digest(b"one"))));
    }
}
