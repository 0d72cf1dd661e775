//! A request to stop, shared by everything that takes long: Ctrl-C ends an ingest between chunks
//! and a query inside DuckDB, and both leave the lake as it was.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set once, by a signal or a timeout, and looked at often.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    /// Of the work that this is a part of.
    whole: Option<Arc<AtomicBool>>,
}

impl Cancel {
    /// Asks for the work to end.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to end.
    pub fn is_cancelled(&self) -> bool {
        [Some(&self.flag), self.whole.as_ref()].into_iter().flatten().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// The flag itself, for `signal_hook::flag::register`.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// For a part of the work: it ends with the whole, and alone when it is itself cancelled. A part has no parts.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { flag: Arc::default(), whole: Some(self.flag()) }
    }
}

/// The cause of every error that is only that the work was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped")]
pub struct Stopped;

/// A reader that fails once the work was asked to end: what only looks for the next record, in a file of nothing but
/// blanks, hands out nothing in between.
pub struct Cancellable<R> {
    reader: R,
    cancel: Cancel,
}

impl<R> Cancellable<R> {
    /// Reads until `cancel` is set.
    pub fn new(reader: R, cancel: &Cancel) -> Self {
        Self { reader, cancel: cancel.clone() }
    }
}

impl<R: Read> Read for Cancellable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() { Err(io::Error::other("stopped")) } else { self.reader.read(buffer) }
    }
}
