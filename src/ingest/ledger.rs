//! Numbers records through a source although its chunks are decoded side by side.
//!
//! Whoever has decoded a chunk reports at once how many records it held. A chunk's first record
//! has the number of all records in the chunks before it. Waiting for it cannot stall: chunks of a
//! source are handed out in order, so the ones before are done or being decoded, and a decoder
//! reports before it waits.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The counts of all sources of an ingest.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    sources: BTreeMap<usize, Counted>,
    broken: bool,
}

#[derive(Debug, Default)]
struct Counted {
    /// The first record of each chunk up to the first that is not counted.
    bases: Vec<u64>,
    /// Records in front of the first chunk that is not counted.
    next: u64,
    /// How many of them are in the last frame in front of it.
    last_frame: u64,
    /// The same counts of chunks behind it.
    ahead: BTreeMap<u64, (u64, u64)>,
}

/// Somebody failed, and some counts will never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A chunk of a source held so many records, so many of them in its last frame.
    pub fn report(&self, source: usize, chunk: u64, records: u64, last_frame: u64) {
        let mut state = self.state();
        let counted = state.sources.entry(source).or_default();
        counted.ahead.insert(chunk, (records, last_frame));
        while let Some((records, last_frame)) = counted.ahead.remove(&(counted.bases.len() as u64)) {
            counted.bases.push(counted.next);
            counted.next += records;
            counted.last_frame = last_frame;
        }
        self.changed.notify_all();
    }

    /// The number of the first record of a chunk that was reported; waits for the chunks before it.
    ///
    /// # Errors
    /// When the ledger is [broken](Self::break_off).
    pub fn base(&self, source: usize, chunk: u64) -> Result<u64, Broken> {
        let mut state = self.state();
        loop {
            if state.broken {
                return Err(Broken);
            }
            let bases = state.sources.get(&source).map(|counted| &counted.bases);
            if let Some(base) = bases.and_then(|bases| bases.get(chunk as usize)) {
                return Ok(*base);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many records a source has before its last frame, once all chunks were reported.
    pub fn before_last_frame(&self, source: usize) -> u64 {
        self.state().sources.get(&source).map_or(0, |counted| counted.next - counted.last_frame)
    }

    /// Ends all waiting, now and later.
    pub fn break_off(&self) {
        self.state().broken = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bases_are_running_sums_in_any_order(
            counts in prop::collection::vec(0..50_u64, 1..40),
            seed in any::<u64>(),
        ) {
            let ledger = Ledger::default();
            let mut order: Vec<usize> = (0..counts.len()).collect();
            order.sort_by_key(|chunk| (*chunk as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
            for &chunk in &order {
                ledger.report(3, chunk as u64, counts[chunk], counts[chunk] / 2);
            }
            for chunk in 0..counts.len() {
                let expected: u64 = counts[..chunk].iter().sum();
                prop_assert_eq!(ledger.base(3, chunk as u64), Ok(expected));
            }
            let in_last = counts.last().map_or(0, |count| count / 2);
            prop_assert_eq!(ledger.before_last_frame(3), counts.iter().sum::<u64>() - in_last);
        }
    }

    #[test]
    fn a_later_chunk_waits_for_the_earlier_ones() {
        let ledger = Ledger::default();
        ledger.report(0, 1, 5, 1);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| ledger.base(0, 1));
            ledger.report(1, 0, 9, 1);
            ledger.report(0, 0, 7, 1);
            assert_eq!(waiting.join().unwrap(), Ok(7));
        });
    }

    #[test]
    fn breaking_off_ends_the_wait() {
        let ledger = Ledger::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| ledger.base(0, 1));
            ledger.break_off();
            assert_eq!(waiting.join().unwrap(), Err(Broken));
        });
    }
}
