//! Whole processes, timed from outside by the operating system's own accounting.

use std::process::{Command, Stdio};
use std::time::Instant;

/// One finished run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub seconds: f64,
    pub peak_mib: f64,
}

/// Two commands run in turn.
pub struct Comparison {
    pub ours: Vec<Sample>,
    pub theirs: Vec<Sample>,
    /// What the ratio of the seconds is multiplied by, where the two do unlike amounts of work.
    pub scale: f64,
    pub note: String,
}

impl Comparison {
    /// Runs both in turn after one warm-up each. `prepare` clears what a run leaves behind.
    pub fn alternate(
        runs: usize,
        mut prepare: impl FnMut(),
        ours: impl Fn() -> Command,
        theirs: impl Fn() -> Command,
    ) -> Self {
        let mut comparison = Self { ours: Vec::new(), theirs: Vec::new(), scale: 1.0, note: String::new() };
        for round in 0..=runs {
            prepare();
            let a = run(ours());
            prepare();
            let b = run(theirs());
            if round > 0 {
                comparison.ours.push(a);
                comparison.theirs.push(b);
            }
        }
        comparison
    }

    pub fn header() -> String {
        format!(
            "{:<32} {:>9} {:>9} {:>22} {:>9} {:>9}  {}",
            "row", "ours s", "theirs s", "theirs/ours [min max]", "ours MiB", "thr. MiB", "note"
        )
    }

    pub fn line(&self, name: &str) -> String {
        let ratios: Vec<f64> =
            self.ours.iter().zip(&self.theirs).map(|(a, b)| self.scale * b.seconds / a.seconds).collect();
        let (low, high) = ratios.iter().fold((f64::MAX, f64::MIN), |(l, h), r| (l.min(*r), h.max(*r)));
        format!(
            "{name:<32} {:>9.3} {:>9.3} {:>22} {:>9.0} {:>9.0}  {}",
            median(self.ours.iter().map(|s| s.seconds)),
            median(self.theirs.iter().map(|s| s.seconds)),
            format!("{:.2} [{low:.2} {high:.2}]", median(ratios.iter().copied())),
            median(self.ours.iter().map(|s| s.peak_mib)),
            median(self.theirs.iter().map(|s| s.peak_mib)),
            self.note
        )
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs a command to its end; a failing one ends the benchmark, since its time means nothing.
// The child is reaped by wait4, which alone tells what it used.
#[allow(clippy::zombie_processes)]
pub fn run(mut command: Command) -> Sample {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().expect("the command starts");
    let mut stderr = child.stderr.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        // What it says matters only when it fails.
        let _ = std::io::Read::read_to_string(&mut stderr, &mut text);
        text
    });
    let (status, peak_mib) = wait_with_usage(child.id());
    let seconds = start.elapsed().as_secs_f64();
    let text = reader.join().expect("the reader");
    assert_eq!(status, 0, "{command:?} failed:\n{text}");
    Sample { seconds, peak_mib }
}

/// wait4(2): the exit status, and the largest resident set of that one process.
fn wait_with_usage(pid: u32) -> (i32, f64) {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call; rusage is plain data, all-zero is a valid value.
    let usage = unsafe {
        let pid = libc::pid_t::try_from(pid).expect("a process id");
        assert_eq!(libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()), pid, "wait4");
        usage.assume_init()
    };
    (status, usage.ru_maxrss as f64 / 1024.0)
}
