//! Ends a query inside DuckDB when the work is cancelled.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use duckdb::InterruptHandle;

use super::EngineError;
use crate::cancel::{Cancel, Stopped};

/// How long a cancelled query may go on at most.
const LOOK: Duration = Duration::from_millis(20);

/// Looks at a [`Cancel`] while it lives, and interrupts the connection for as long as it is set:
/// an interrupt that comes between two statements would be lost.
pub struct Watch {
    cancel: Cancel,
    _alive: Sender<()>,
}

impl Watch {
    pub fn start(handle: Arc<InterruptHandle>, cancel: &Cancel) -> Self {
        let (alive, gone) = channel::<()>();
        let seen = cancel.clone();
        thread::spawn(move || {
            while gone.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if seen.is_cancelled() {
                    handle.interrupt();
                }
            }
        });
        Self { cancel: cancel.clone(), _alive: alive }
    }

    /// The error of a query that was told to stop is that it was told to stop.
    pub fn explain(&self, error: EngineError) -> EngineError {
        if self.cancel.is_cancelled() { EngineError::Cancelled(Stopped) } else { error }
    }
}
