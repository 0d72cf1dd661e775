//! Memory of chunks on its way back from workers to readers: what is new has to be cleared by the system, page by page,
//! which of many short files took a twentieth of an ingest.

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::decode::Limits;

/// Memory that waits to be read into.
pub(super) struct Spare {
    put: Sender<Vec<u8>>,
    take: Receiver<Vec<u8>>,
}

impl Spare {
    /// For so many threads: each reader fills one chunk and has the next one's beginning in another.
    pub(super) fn new(threads: usize) -> Self {
        let (put, take) = bounded(2 * threads);
        Self { put, take }
    }

    /// Keeps memory for the next who needs some. Where enough waits, it goes, and so does what a long record left: nobody
    /// would take it, and it would stay.
    pub(super) fn put(&self, memory: Vec<u8>) {
        let memory = Limits::default().spare(memory);
        if memory.capacity() > 0 {
            let _ = self.put.try_send(memory);
        }
    }

    pub(super) fn take(&self) -> Option<Vec<u8>> {
        self.take.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_long_record_left_does_not_wait() {
        let spare = Spare::new(1);
        spare.put(Vec::with_capacity(Limits::default().frame));
        spare.put(Vec::new());
        assert_eq!(spare.take(), None);
        spare.put(b"old".to_vec());
        assert_eq!(spare.take(), Some(Vec::new()));
    }
}
