//! What a hunt's answer rests on, as lines for a person.

use std::fmt::Write;

use super::allow;
use super::coverage;
use super::escape;
use super::fields;
use super::text::{self, count, number};
use crate::detect::alert::{Exclusion, Exposure, HuntSummary, Principal};
use crate::detect::{Alert, HuntReport};

/// How many names each part shows before it says how many more there are.
const SHOWN: usize = 10;

/// The summary as text, safe for a terminal, with a line end after each line.
pub fn text(report: &HuntReport) -> String {
    let summary = &report.summary;
    let mut lines = Lines::default();
    lines.entry("alerts", &alerts(summary));
    if !summary.allow.is_empty() {
        lines.entry("silenced", &number(summary.silenced));
    }
    lines.entry("records", &records(summary));
    if let Some(line) = summary.coverage.as_ref().and_then(coverage::line) {
        lines.entry("coverage", &line);
    }
    lines.entry("matches", &matches(summary));
    lines.entry("nearest miss", &nearest(summary.nearest_miss.as_ref()));
    lines.list("excluded", &summary.exclusions, "nothing", exclusion);
    lines.list("excluded, at the threshold", &summary.excluded_over_threshold, "nobody", excluded);
    lines.list("cluster-wide lists", &summary.cluster_wide_lists, "none", exposure);
    lines.list("namespace-wide lists", &summary.namespace_wide_lists, "none", exposure);
    if !summary.allow.is_empty() {
        let silenced: Vec<&Alert> = report.silenced().collect();
        lines.list("silenced", &silenced, "nothing", |alert| allow::silenced(alert));
        lines.list("allow-list", &summary.allow, "empty", allow::entry);
    }
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn entry(&mut self, label: &str, value: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.0, "{label:<13} {}", escape::terminal(value));
    }

    fn list<T>(&mut self, label: &str, items: &[T], none: &str, show: fn(&T) -> String) {
        if items.is_empty() {
            let _ = writeln!(self.0, "{label}: {none}");
            return;
        }
        let _ = writeln!(self.0, "{label}:");
        for item in items.iter().take(SHOWN) {
            let _ = writeln!(self.0, "  {}", escape::terminal(&show(item)));
        }
        if items.len() > SHOWN {
            let more = number((items.len() - SHOWN) as u64);
            let _ = writeln!(self.0, "  and {more} more (--format json lists all)");
        }
    }
}

fn alerts(summary: &HuntSummary) -> String {
    if summary.alerts == 0 { "none".to_owned() } else { number(summary.alerts) }
}

fn records(summary: &HuntSummary) -> String {
    let mut line =
        format!("{} ({})", number(summary.records), count(summary.requests, "request", "requests"));
    if let (Some(first), Some(last)) = (&summary.first_event, &summary.last_event) {
        let _ = write!(line, ", {} to {} UTC", text::to_the_second(first), text::to_the_second(last));
    }
    line
}

fn matches(summary: &HuntSummary) -> String {
    format!("{} by {}", number(summary.matches), count(summary.users, "user", "users"))
}

fn nearest(nearest: Option<&Principal>) -> String {
    nearest.map_or_else(|| "none".to_owned(), peak)
}

fn peak(principal: &Principal) -> String {
    format!(
        "{}: {} at {}",
        fields::username(principal.username.as_deref()),
        count(principal.peak_distinct, "distinct secret", "distinct secrets"),
        text::to_the_second(&principal.at)
    )
}

fn excluded(principal: &Principal) -> String {
    let note = if principal.impersonated { ", impersonated somebody" } else { "" };
    format!("{}{note}", peak(principal))
}

fn exclusion(exclusion: &Exclusion) -> String {
    format!(
        "{}: {} by {}",
        exclusion.reason,
        count(exclusion.reads, "read", "reads"),
        count(exclusion.principals, "principal", "principals")
    )
}

fn exposure(exposure: &Exposure) -> String {
    format!(
        "{}: {} ({} succeeded), {} to {}",
        fields::username(exposure.username.as_deref()),
        count(exposure.lists, "list", "lists"),
        number(exposure.succeeded),
        text::to_the_second(&exposure.first_seen),
        text::to_the_second(&exposure.last_seen)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn says_what_the_answer_rests_on() {
        insta::assert_snapshot!(text(&sample::report()));
    }

    #[test]
    fn long_lists_say_how_long_they_are() {
        let mut report = sample::empty_report();
        let one = report.summary.cluster_wide_lists[0].clone();
        report.summary.cluster_wide_lists = vec![one; 25];
        assert!(text(&report).contains("and 15 more"));
    }

    #[test]
    fn names_stay_text() {
        let mut report = sample::empty_report();
        report.summary.nearest_miss = report
            .summary
            .nearest_miss
            .map(|miss| Principal { username: Some("\u{1b}[2Jeve\nalerts 0".into()), ..miss });
        assert!(!text(&report).replace('\n', "").chars().any(escape::is_hidden));
        assert!(text(&report).contains(r"\u{1b}[2Jeve\nalerts 0"));
    }
}
