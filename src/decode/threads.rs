//! Threads for decompression, shared by the readers of several sources.

use std::sync::atomic::{AtomicUsize, Ordering};

/// So many threads, and who shares them.
#[derive(Debug, Default)]
pub struct Threads {
    all: usize,
    readers: AtomicUsize,
}

impl Threads {
    /// Threads for so many readers.
    pub fn new(all: usize, readers: usize) -> Self {
        Self { all, readers: AtomicUsize::new(readers) }
    }

    /// One of the readers is through: the others have more.
    pub fn leave(&self) {
        self.readers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether there is ever more than one for a reader.
    pub(super) fn are_several(&self) -> bool {
        self.all > 1
    }

    /// A reader's share now; at least one.
    pub(super) fn share(&self) -> usize {
        (self.all / self.readers.load(Ordering::Relaxed).max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reader_has_all() {
        let threads = Threads::new(7, 9);
        let mut shares = Vec::new();
        for _ in 0..9 {
            shares.push(threads.share());
            threads.leave();
        }
        assert_eq!(shares, [1, 1, 1, 1, 1, 1, 2, 3, 7]);
        assert_eq!(Threads::default().share(), 1);
    }
}
