//! The accounting of an ingest: what became of every record that was read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::text::{bytes, count, number};
use super::{escape, json};
use crate::ingest::{Change, Changed, IngestReport, Problem, SkipReason, Skipped};

/// How many sources each part names before it says how many more there are.
const SHOWN: usize = 10;

/// The accounting as text, safe for a terminal, with a line end after each line.
pub fn text(report: &IngestReport) -> String {
    let mut lines = Lines(String::new());
    lines.entry("sources", &number(report.sources));
    lines.entry("records in", &number(report.records_in));
    lines.entry("rows", &number(report.rows));
    if report.removed > 0 {
        lines.entry("replaced", &format!("{} of the same content", count(report.removed, "row", "rows")));
    }
    lines.entry("duplicates", &number(report.duplicates));
    lines.by_name("rejects", &report.rejects);
    lines.by_name("other kinds", &report.other);
    lines.entry("bytes", &volume(report));
    lines.entry("seconds", &format!("{:.1}{}", report.seconds, rate(report)));
    lines.sources("skipped, their content is known", report.skipped.iter().map(skipped));
    lines.sources("not a log", report.not_a_log.iter().cloned());
    lines.sources("empty", report.empty.iter().cloned());
    lines.sources("changed since they were read", report.changed.iter().map(changed));
    lines.sources("last line still being written, waits", report.waiting.iter().cloned());
    lines.sources(
        "may have lost a record that was replaced; ingest them again",
        report.ingest_again.iter().cloned(),
    );
    lines.sources("not read, or not to the end", report.problems.iter().map(problem));
    lines.0
}

/// The accounting as JSON.
pub fn json(report: &IngestReport, out: &mut dyn Write) -> io::Result<()> {
    json::write_pretty(report, out)
}

#[expect(clippy::cast_precision_loss, reason = "shown as a whole number")]
fn rate(report: &IngestReport) -> String {
    if report.seconds <= 0.0 || report.records_in == 0 {
        return String::new();
    }
    let rate = report.records_in as f64 / report.seconds;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive count")]
    let rate = rate as u64;
    format!(" ({} records/s)", number(rate))
}

fn volume(report: &IngestReport) -> String {
    format!(
        "{} in ({} decompressed), {} out in {}",
        bytes(report.bytes_stored),
        bytes(report.bytes_decompressed),
        bytes(report.bytes_out),
        count(report.files, "file", "files")
    )
}

fn skipped(skipped: &Skipped) -> String {
    match &skipped.because {
        SkipReason::Committed(commit) => format!("{} (in the lake since commit {commit})", skipped.uri),
        SkipReason::SameAs(other) => format!("{} (the same as {other})", skipped.uri),
    }
}

fn changed(changed: &Changed) -> String {
    match &changed.how {
        Change::Grown(commit) => {
            format!("{} (grown since commit {commit}: only what is new was read)", changed.uri)
        }
        Change::Renamed(from) => format!("{} (was {from}: only what is new was read)", changed.uri),
        Change::Truncated => format!("{} (shorter than it was: read from its start)", changed.uri),
        Change::Rewritten => format!("{} (another content: read from its start)", changed.uri),
    }
}

/// Messages name their source where there is one.
fn problem(problem: &Problem) -> String {
    match &problem.uri {
        Some(uri) if !problem.message.contains(uri) => format!("{uri}: {}", problem.message),
        _ => problem.message.clone(),
    }
}

struct Lines(String);

impl Lines {
    fn entry(&mut self, label: &str, value: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.0, "{label:<12} {}", escape::terminal(value));
    }

    fn by_name(&mut self, label: &str, counts: &BTreeMap<String, u64>) {
        let total = number(counts.values().sum::<u64>());
        if counts.is_empty() {
            return self.entry(label, &total);
        }
        let named: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {}", number(*n))).collect();
        self.entry(label, &format!("{total}: {}", named.join(", ")));
    }

    fn sources(&mut self, label: &str, sources: impl ExactSizeIterator<Item = String>) {
        let total = sources.len();
        if total == 0 {
            return;
        }
        let _ = writeln!(self.0, "{label}: {}", number(total as u64));
        for source in sources.take(SHOWN) {
            let _ = writeln!(self.0, "  {}", escape::terminal(&source));
        }
        if total > SHOWN {
            let more = number((total - SHOWN) as u64);
            let _ = writeln!(self.0, "  and {more} more (ingest --format json lists all)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> IngestReport {
        IngestReport {
            commit: Some(1),
            sources: 3,
            records_in: 1_204_551,
            rows: 1_200_000,
            removed: 0,
            rejects: [("cut".into(), 3), ("not-json".into(), 40)].into(),
            duplicates: 4_500,
            other: [("klog".into(), 8)].into(),
            not_a_log: vec!["file:///logs/README.md".into()],
            empty: vec!["file:///logs/empty.log".into()],
            skipped: vec![
                Skipped { uri: "file:///logs/a.gz".into(), because: SkipReason::Committed(1) },
                Skipped {
                    uri: "file:///logs/b.gz".into(),
                    because: SkipReason::SameAs("file:///logs/c.gz".into()),
                },
            ],
            changed: Vec::new(),
            waiting: Vec::new(),
            ingest_again: Vec::new(),
            problems: vec![Problem {
                uri: Some("file:///logs/d.gz".into()),
                message: "could not decompress: \u{1b}[2Junexpected end".into(),
            }],
            bytes_stored: 130_000_000,
            bytes_decompressed: 1_500_000_000,
            bytes_out: 44_000_000,
            files: 12,
            seconds: 6.4,
        }
    }

    #[test]
    fn names_everything() {
        insta::assert_snapshot!(text(&report()));
    }

    #[test]
    fn json_is_the_report() {
        let mut out = Vec::new();
        json(&report(), &mut out).unwrap();
        assert_eq!(serde_json::from_slice::<IngestReport>(&out).unwrap(), report());
    }

    #[test]
    fn sources_stay_text() {
        let lines = text(&report());
        assert!(!lines.replace('\n', "").chars().any(escape::is_hidden));
    }
}
