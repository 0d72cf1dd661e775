//! Whole processes, timed from outside by the operating system's own accounting.

use std::process::{Command, Stdio};
use std::time::Instant;

/// One finished run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub seconds: f64,
    /// Seconds of all cores.
    pub cpu: f64,
    pub peak_mib: f64,
    /// Read from the disk, not from the page cache.
    pub read_mib: f64,
}

impl Sample {
    /// The middle one of so many runs, each figure by itself, after one that warms up.
    pub fn median(runs: usize, mut command: impl FnMut() -> Self) -> Self {
        let samples: Vec<Self> = (0..=runs).map(|_| command()).skip(1).collect();
        let middle = |of: fn(&Self) -> f64| median(samples.iter().map(of));
        Self {
            seconds: middle(|s| s.seconds),
            cpu: middle(|s| s.cpu),
            peak_mib: middle(|s| s.peak_mib),
            read_mib: middle(|s| s.read_mib),
        }
    }

    pub fn header() -> String {
        format!("{:<32} {:>8} {:>8} {:>8} {:>8}", "row", "s", "CPU s", "peak MiB", "read MiB")
    }

    pub fn line(&self, name: &str) -> String {
        let Self { seconds, cpu, peak_mib, read_mib } = self;
        format!("{name:<32} {seconds:>8.2} {cpu:>8.2} {peak_mib:>8.0} {read_mib:>8.1}")
    }
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
            "{:<32} {:>8} {:>8} {:>8} {:>8} {:>22} {:>8} {:>8} {:>8} {:>8}  {}",
            "row",
            "ours s",
            "CPU s",
            "theirs s",
            "CPU s",
            "theirs/ours [min max]",
            "peak MiB",
            "theirs",
            "read MiB",
            "theirs",
            "note"
        )
    }

    pub fn line(&self, name: &str) -> String {
        let ratios: Vec<f64> =
            self.ours.iter().zip(&self.theirs).map(|(a, b)| self.scale * b.seconds / a.seconds).collect();
        let (low, high) = ratios.iter().fold((f64::MAX, f64::MIN), |(l, h), r| (l.min(*r), h.max(*r)));
        let ours = |of: fn(&Sample) -> f64| median(self.ours.iter().map(of));
        let theirs = |of: fn(&Sample) -> f64| median(self.theirs.iter().map(of));
        format!(
            "{name:<32} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>22} {:>8.0} {:>8.0} {:>8.1} {:>8.1}  {}",
            ours(|s| s.seconds),
            ours(|s| s.cpu),
            theirs(|s| s.seconds),
            theirs(|s| s.cpu),
            format!("{:.2} [{low:.2} {high:.2}]", median(ratios.iter().copied())),
            ours(|s| s.peak_mib),
            theirs(|s| s.peak_mib),
            ours(|s| s.read_mib),
            theirs(|s| s.read_mib),
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
    let (status, usage) = wait_with_usage(child.id());
    let seconds = start.elapsed().as_secs_f64();
    let text = reader.join().expect("the reader");
    assert_eq!(status, 0, "{command:?} failed:\n{text}");
    let cpu_of = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Sample {
        seconds,
        cpu: cpu_of(usage.ru_utime) + cpu_of(usage.ru_stime),
        peak_mib: usage.ru_maxrss as f64 / 1024.0,
        // In blocks of 512 bytes, whatever the disk's own are.
        read_mib: usage.ru_inblock as f64 / 2048.0,
    }
}

/// What a command answers in JSON.
pub fn answer(mut command: Command) -> serde_json::Value {
    let done = command.stderr(Stdio::inherit()).output().expect("the command starts");
    assert!(done.status.success(), "{command:?} failed");
    serde_json::from_slice(&done.stdout).expect("an answer in JSON")
}

/// wait4(2): the exit status, and what that one process used.
fn wait_with_usage(pid: u32) -> (i32, libc::rusage) {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call; rusage is plain data, all-zero is a valid value.
    let usage = unsafe {
        let pid = libc::pid_t::try_from(pid).expect("a process id");
        assert_eq!(libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()), pid, "wait4");
        usage.assume_init()
    };
    (status, usage)
}
