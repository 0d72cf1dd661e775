//! Ctrl-C, SIGTERM, and a terminal that goes away: the first asks the work to end, the second ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use super::exit::Exit;
use crate::cancel::Cancel;

/// Which signal came, if any.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    received: Arc<AtomicUsize>,
}

/// Whether whoever started the program had it pass over a signal, as `nohup` does. Told by Linux alone; elsewhere taken
/// for so.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & (1 << (signal - 1)) != 0)
}

impl Signals {
    /// From here on, a signal cancels. What a second one leaves behind (a temporary lake, files in
    /// a lake's staging folder) is never part of a lake; the next ingest clears the latter.
    pub fn watch(cancel: &Cancel) -> io::Result<Self> {
        let signals = Self::default();
        let hangup = (!is_ignored(SIGHUP)).then_some((SIGHUP, 1_u8));
        for (number, id) in [(SIGINT, 2_u8), (SIGTERM, 15_u8)].into_iter().chain(hangup) {
            let code = i32::from(Exit::Signal(id).code());
            flag::register_conditional_shutdown(number, code, cancel.flag())?;
            flag::register_usize(number, Arc::clone(&signals.received), usize::from(id))?;
            flag::register(number, cancel.flag())?;
        }
        // A limit on file sizes is then an error of the write, told like a full disk, not the end.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(signals)
    }

    /// How the run ends when a signal came.
    pub fn exit(&self) -> Option<Exit> {
        match u8::try_from(self.received.load(Ordering::Relaxed)) {
            Ok(0) | Err(_) => None,
            Ok(number) => Some(Exit::Signal(number)),
        }
    }
}
