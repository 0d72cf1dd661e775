//! Memory of chunks on its way back from workers to readers: what is new has to be cleared by the system, page by page,
//! which of many short files took a twentieth of an ingest.

use crossbeam_channel::{Receiver, Sender, bounded};

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

    /// Keeps memory for the next who needs some; where enough waits, it goes.
    pub(super) fn put(&self, memory: Vec<u8>) {
        if memory.capacity() > 0 {
            let _ = self.put.try_send(memory);
        }
    }

    pub(super) fn take(&self) -> Option<Vec<u8>> {
        self.take.try_recv().ok()
    }
}
