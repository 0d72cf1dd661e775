//! How far an ingest or a compaction is: a bar on a terminal, nothing in a pipe.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

use crate::progress::Progress;

/// The bar on standard error. It is wiped when dropped.
pub struct Bar {
    bar: ProgressBar,
    records: Arc<AtomicU64>,
}

const KNOWN_TOTAL: &str =
    "{bar:24} {percent:>3}%  {bytes} of {total_bytes}, {bytes_per_sec}, {records}, {eta} left";
const UNKNOWN_TOTAL: &str = "{spinner} {bytes}, {bytes_per_sec}, {records}, {elapsed}";

impl Bar {
    pub fn new() -> Self {
        let bar = if io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let records = Arc::new(AtomicU64::new(0));
        bar.set_style(style(UNKNOWN_TOTAL, &records));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, records }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.bar.set_length(bytes);
            self.bar.set_style(style(KNOWN_TOTAL, &self.records));
        }
    }

    fn bytes(&self, n: u64) {
        self.bar.inc(n);
    }

    fn records(&self, n: u64) {
        self.records.fetch_add(n, Ordering::Relaxed);
    }
}

fn style(template: &str, records: &Arc<AtomicU64>) -> ProgressStyle {
    let records = Arc::clone(records);
    let per_second = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let seconds = state.elapsed().as_millis().max(1);
        let rate = u128::from(records.load(Ordering::Relaxed)) * 1000 / seconds;
        let _ = write!(out, "{} records/s", HumanCount(u64::try_from(rate).unwrap_or(u64::MAX)));
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("records", per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_right() {
        for template in [KNOWN_TOTAL, UNKNOWN_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
