//! Which source each reader reads next.
//!
//! Each has a run of neighbours of its own: logs that were rotated follow each other by name, so that what one reader
//! hands out is of few days. One that is through takes over from the others.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The numbers of the sources that are left, by reader.
pub(super) struct Turns(Mutex<Vec<Range<usize>>>);

impl Turns {
    /// So many sources for so many readers, in runs of about the same length.
    pub(super) fn new(sources: usize, readers: usize) -> Self {
        let readers = readers.clamp(1, sources.max(1));
        let run = |reader| sources * reader / readers..sources * (reader + 1) / readers;
        Self(Mutex::new((0..readers).map(run).collect()))
    }

    /// The next source for a reader: of its own run, or else the last one of the longest.
    pub(super) fn next(&self, reader: usize) -> Option<usize> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = left.get_mut(reader).and_then(Iterator::next);
        own.or_else(|| left.iter_mut().max_by_key(|run| run.len())?.next_back())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reader_keeps_to_its_run_and_then_helps_with_the_longest() {
        let turns = Turns::new(7, 2);
        assert_eq!([0; 4].map(|reader| turns.next(reader)), [Some(0), Some(1), Some(2), Some(6)]);
        assert_eq!([1, 0, 1, 0].map(|reader| turns.next(reader)), [Some(3), Some(5), Some(4), None]);
    }

    proptest! {
        #[test]
        fn each_source_is_read_once(sources in 0..20_usize, readers in 0..5_usize, order in prop::collection::vec(0..5_usize, 20)) {
            let turns = Turns::new(sources, readers);
            let mut all: Vec<usize> = order.into_iter().filter_map(|reader| turns.next(reader)).collect();
            prop_assert_eq!(turns.next(0), None);
            all.sort_unstable();
            prop_assert_eq!(all, (0..sources).collect::<Vec<_>>());
        }
    }
}
