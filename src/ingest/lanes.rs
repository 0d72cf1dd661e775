//! The way of chunks from readers to workers: a lane for each reader.
//!
//! A worker keeps to one lane until it ends. What lies in one file is of few days, so that it writes few files, each
//! with many rows of a day.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

/// What a worker takes chunks from, until all readers are done.
pub(super) struct Lanes<T> {
    /// The one at hand last.
    left: Vec<Receiver<T>>,
}

/// Lanes for so many readers, and what each worker takes from; about one chunk waits for each worker.
pub(super) fn lanes<T>(readers: usize, workers: usize) -> (Vec<Sender<T>>, Vec<Lanes<T>>) {
    let waiting = workers.div_ceil(readers.max(1));
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..readers).map(|_| bounded(waiting)).unzip();
    let of_worker = |worker: usize| {
        let mut left = receivers.clone();
        left.rotate_right(worker % readers.max(1));
        Lanes { left }
    };
    (senders, (0..workers).map(of_worker).collect())
}

/// How long a worker waits for its lane before it takes what waits in another one.
const PATIENCE: Duration = Duration::from_millis(20);

impl<T> Iterator for Lanes<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while let Some((lane, others)) = self.left.split_last() {
            match lane.recv_timeout(PATIENCE) {
                Ok(item) => return Some(item),
                Err(RecvTimeoutError::Disconnected) => _ = self.left.pop(),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(item) = others.iter().find_map(|lane| lane.try_recv().ok()) {
                        return Some(item);
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_keeps_to_a_lane_and_then_helps_with_the_others() {
        let (senders, mut workers) = lanes(2, 2);
        for (lane, sender) in senders.iter().enumerate() {
            sender.send(lane).unwrap();
        }
        let first: Vec<Option<usize>> = workers.iter_mut().map(Lanes::next).collect();
        assert_eq!(first.iter().flatten().sum::<usize>(), 1, "{first:?}");
        senders[0].send(7).unwrap();
        senders[1].send(8).unwrap();
        drop(senders);
        assert_eq!(workers[1].by_ref().count(), 2);
        assert!(workers[0].next().is_none());
    }

    #[test]
    fn all_that_is_sent_arrives_once() {
        for (readers, workers) in [(0, 2), (1, 3), (3, 1), (2, 2), (3, 2)] {
            let (senders, lanes) = lanes(readers, workers);
            let mut all: Vec<usize> = std::thread::scope(|scope| {
                let taking: Vec<_> =
                    lanes.into_iter().map(|lane| scope.spawn(|| lane.collect::<Vec<_>>())).collect();
                for (reader, sender) in senders.into_iter().enumerate() {
                    scope.spawn(move || (0..100).for_each(|n| sender.send(100 * reader + n).unwrap()));
                }
                taking.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
            });
            all.sort_unstable();
            assert_eq!(all, (0..100 * readers).collect::<Vec<_>>());
        }
    }
}
