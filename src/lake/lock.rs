//! One writer at a time: the operating system's lock on `_kubetrawl/lock`.
//!
//! The lock ends with the process, however that ends; what stands in the file only tells the
//! others who holds it.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{LakeError, io as disk};
use crate::cancel::{Cancel, Stopped};

/// How often a waiting writer tries again.
const PAUSE: Duration = Duration::from_millis(50);

/// A reader holds the lock for an instant to see whether somebody writes; a writer that does not
/// want to wait still tries this long.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a writer does when another one is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Fail, and name the other.
    No,
    /// Wait until the other is done.
    Forever,
}

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    verb: String,
}

/// The right to write a lake, for as long as the value lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path` for `verb`.
    ///
    /// # Errors
    /// [`LakeError::Locked`] when another holds it and `wait` says not to wait,
    /// [`LakeError::Cancelled`] when waiting was cut short.
    pub fn take(path: &Path, verb: &str, wait: Wait, cancel: &Cancel) -> Result<Self, LakeError> {
        let file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(LakeError::io("open", path))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(LakeError::io("lock", path)(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if cancel.is_cancelled() {
                return Err(LakeError::Cancelled(Stopped));
            }
            if wait == Wait::No && started.elapsed() >= PATIENCE {
                return Err(LakeError::Locked { holder: holder(path) });
            }
            std::thread::sleep(PAUSE);
        }
        sign(path, verb)?;
        Ok(Self { _file: file })
    }

    /// Whether a writer holds the lock at this moment. False also where that cannot be found
    /// out: a lake on a read-only mount has no writer here.
    pub fn is_held(path: &Path) -> bool {
        match File::open(path) {
            Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            Err(_) => false,
        }
    }
}

fn sign(path: &Path, verb: &str) -> Result<(), LakeError> {
    let holder = Holder { pid: std::process::id(), verb: verb.to_owned() };
    let text = serde_json::to_string(&holder)
        .map_err(|source| LakeError::Json { path: path.to_path_buf(), source })?;
    let mut file = disk::create(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(LakeError::io("write", path))?;
    file.close()
}

fn holder(path: &Path) -> String {
    let read = fs::read_to_string(path).ok();
    match read.and_then(|text| serde_json::from_str::<Holder>(&text).ok()) {
        Some(holder) => format!("`kubetrawl {}` (process {})", holder.verb, holder.pid),
        None => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_is_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let cancel = Cancel::default();
        let first = Lock::take(&path, "ingest", Wait::No, &cancel).unwrap();
        assert!(Lock::is_held(&path));
        let refused = Lock::take(&path, "compact", Wait::No, &cancel).unwrap_err().to_string();
        assert!(refused.contains("`kubetrawl ingest`"), "{refused}");
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        assert!(!Lock::is_held(&path));
        Lock::take(&path, "compact", Wait::No, &cancel).unwrap();
    }

    #[test]
    fn a_waiting_writer_gets_its_turn_or_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let cancel = Cancel::default();
        let first = Lock::take(&path, "ingest", Wait::No, &cancel).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Lock::take(&path, "drop", Wait::Forever, &cancel).is_ok());
            std::thread::sleep(PAUSE);
            drop(first);
            assert!(waiting.join().unwrap());
        });
        let _second = Lock::take(&path, "ingest", Wait::No, &cancel).unwrap();
        cancel.cancel();
        let stopped = Lock::take(&path, "drop", Wait::Forever, &cancel);
        assert!(matches!(stopped, Err(LakeError::Cancelled(Stopped))));
    }
}
