//! For an incident channel: one page that needs no network and no script to be read.
//!
//! The page is written from top to bottom, alert by alert. Long tables and lists are folded, and
//! say how much is not shown and where it is.

mod alert;
mod chart;
mod grounds;
mod overview;
mod page;
mod rotation;
mod summary;
mod tables;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::io::Write;

use super::evidence::{EvidenceError, EvidenceSource, Grounds};
use super::rotation::Rotation;
use super::text::{count, number};
use crate::detect::{Alert, HuntReport};
use page::Page;

/// How much of a large answer the page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Alerts in the list of all alerts.
    pub listed: usize,
    /// Alerts with charts and runbook, the most serious first.
    pub detailed: usize,
    /// Rows of one table.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { listed: 1000, detailed: 50, rows: 200 }
    }
}

/// Writes the page.
pub fn write(
    report: &HuntReport,
    grounds: &Grounds,
    limits: Limits,
    source: &mut dyn EvidenceSource,
    out: &mut dyn Write,
) -> Result<(), EvidenceError> {
    let alerts = most_serious_first(report);
    let page = &mut Page::new(out);
    page.begin(&format!("kubetrawl: {}", count(alerts.len() as u64, "alert", "alerts")))?;
    let rotation = Rotation::read(source, limits.rows)?;
    summary::header(page, report, rotation.is_some())?;
    page.markup("<main>\n")?;
    summary::section(page, report)?;
    overview::section(page, &alerts, limits)?;
    if let Some(rotation) = &rotation {
        rotation::section(page, rotation)?;
    }
    details(page, report, &alerts, limits, source)?;
    grounds::section(page, report, grounds)?;
    page.markup("</main>\n")?;
    Ok(page.end()?)
}

/// HIGH before MEDIUM, then by the highest count, time and id.
fn most_serious_first(report: &HuntReport) -> Vec<&Alert> {
    let mut sorted: Vec<&Alert> = report.open().collect();
    sorted.sort_by_key(|a| (Reverse(a.severity), Reverse(a.peak_distinct), &a.crossed_at, &a.alert_id));
    sorted
}

fn details(
    page: &mut Page<'_>,
    report: &HuntReport,
    alerts: &[&Alert],
    limits: Limits,
    source: &mut dyn EvidenceSource,
) -> Result<(), EvidenceError> {
    if alerts.is_empty() {
        return Ok(());
    }
    let detailed = &alerts[..alerts.len().min(limits.detailed)];
    source.expect(detailed)?;
    page.markup("<section aria-labelledby=\"details\">\n<h2 id=\"details\">Each alert</h2>\n")?;
    for (position, alert) in detailed.iter().enumerate() {
        let evidence = source.evidence(alert, limits.rows)?;
        alert::article(page, report, alert, position, &evidence)?;
    }
    if alerts.len() > limits.detailed {
        let more = number((alerts.len() - limits.detailed) as u64);
        page.markup("<p class=\"more\">")?;
        page.text(&format!("and {more} more alerts, in the CSV and the JSON of this hunt"))?;
        page.markup("</p>\n")?;
    }
    page.markup("</section>\n")?;
    Ok(())
}
