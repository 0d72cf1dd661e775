//! The head of the page: what was looked for, where, and what came of it.

use std::collections::BTreeSet;
use std::io;

use super::page::Page;
use super::tables;
use crate::detect::alert::{Exposure, HuntSummary, Principal};
use crate::detect::{Alert, HuntReport, Severity};
use crate::report::allow;
use crate::report::fields;
use crate::report::parameters;
use crate::report::text::{count, number, to_the_second};

/// Rows of the lists in the summary.
const SHOWN: usize = 50;
/// Where the others are.
const REST: &str = "the JSON of this hunt";

pub fn header(page: &mut Page<'_>, report: &HuntReport, rotates: bool) -> io::Result<()> {
    page.markup("<header>\n<p class=\"kicker\">kubetrawl · hunt report</p>\n<h1>")?;
    let alerts = report.open().count() as u64;
    let users: BTreeSet<_> = report.open().flat_map(Alert::users).collect();
    page.text(&match (alerts, users.len()) {
        (0, _) => format!("No {} found", parameters::sought(report)),
        (_, users) => format!(
            "{} of {} by {}",
            count(alerts, "alert", "alerts"),
            parameters::sought(report),
            count(users as u64, "user", "users")
        ),
    })?;
    page.markup("</h1>\n<p>")?;
    page.text(&searched(&report.summary))?;
    page.markup(". Times are UTC.</p>\n<nav aria-label=\"sections\"><a href=\"#summary\">Summary</a> ")?;
    if alerts > 0 {
        page.markup("<a href=\"#alerts\">All alerts</a> ")?;
    }
    if rotates {
        page.markup("<a href=\"#rotation\">What must be rotated</a> ")?;
    }
    if alerts > 0 {
        page.markup("<a href=\"#details\">Each alert</a> ")?;
    }
    page.markup("<a href=\"#grounds\">What this rests on</a></nav>\n</header>\n")
}

fn searched(summary: &HuntSummary) -> String {
    let requests = count(summary.requests, "request", "requests");
    match (&summary.first_event, &summary.last_event) {
        (Some(first), Some(last)) => {
            format!("{requests} from {} to {}", to_the_second(first), to_the_second(last))
        }
        _ => requests,
    }
}

pub fn section(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    page.markup("<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n")?;
    tiles(page, report)?;
    facts(page, &report.summary)?;
    exposures(page, "Lists of every secret of a cluster", &report.summary.cluster_wide_lists)?;
    exposures(page, "Lists of every secret of a namespace", &report.summary.namespace_wide_lists)?;
    excluded(page, &report.summary)?;
    allowed(page, report)?;
    page.markup("</section>\n")
}

fn tiles(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    let high = report.open().filter(|alert| alert.severity == Severity::High).count() as u64;
    let medium = report.open().count() as u64 - high;
    let peak = report.open().map(|alert| alert.peak_distinct).max().unwrap_or(0);
    let lists: i64 = report.summary.cluster_wide_lists.iter().map(|exposure| exposure.succeeded).sum();
    page.markup("<dl class=\"tiles\">\n")?;
    tile(page, "<div class=\"tile high\"><dt>HIGH", "reads succeeded", high)?;
    tile(page, "<div class=\"tile medium\"><dt>MEDIUM", "no read succeeded", medium)?;
    tile(page, "<div class=\"tile\"><dt>Most secrets", "in one window", peak.unsigned_abs())?;
    tile(page, "<div class=\"tile\"><dt>Whole-cluster lists", "that succeeded", lists.unsigned_abs())?;
    page.markup("</dl>\n")
}

fn tile(page: &mut Page<'_>, start: &'static str, note: &'static str, n: u64) -> io::Result<()> {
    page.markup(start)?;
    page.markup("</dt><dd>")?;
    page.text(&number(n))?;
    page.markup("</dd><dd class=\"note\">")?;
    page.markup(note)?;
    page.markup("</dd></div>\n")
}

fn facts(page: &mut Page<'_>, summary: &HuntSummary) -> io::Result<()> {
    page.markup("<dl class=\"facts\">\n")?;
    tables::entry(page, "records searched", &number(summary.records))?;
    let matches = format!("{} by {}", number(summary.matches), count(summary.users, "user", "users"));
    tables::entry(page, "reads of secrets counted", &matches)?;
    let nearest = summary.nearest_miss.as_ref().map_or_else(|| "none".to_owned(), peak);
    tables::entry(page, "nearest below the threshold", &nearest)?;
    let reasons: Vec<String> = summary
        .exclusions
        .iter()
        .map(|e| {
            let reads = count(e.reads, "read", "reads");
            format!("{}: {reads} by {}", e.reason, count(e.principals, "principal", "principals"))
        })
        .collect();
    tables::list(page, "excluded as system", &reasons, SHOWN)?;
    page.markup("</dl>\n")
}

fn peak(principal: &Principal) -> String {
    format!(
        "{}: {} at {}",
        fields::username(principal.username.as_deref()),
        count(principal.peak_distinct, "distinct secret", "distinct secrets"),
        to_the_second(&principal.at)
    )
}

/// One list returns every secret and counts as one: whoever made them is named, alert or not.
fn exposures(page: &mut Page<'_>, title: &'static str, exposures: &[Exposure]) -> io::Result<()> {
    if exposures.is_empty() {
        return Ok(());
    }
    let columns = ["user", "lists", "succeeded", "first", "last"].map(str::to_owned);
    let rows: Vec<Vec<serde_json::Value>> = exposures
        .iter()
        .take(SHOWN)
        .map(|e| {
            let user = fields::username(e.username.as_deref());
            vec![
                user.into(),
                e.lists.into(),
                e.succeeded.into(),
                e.first_seen.clone().into(),
                e.last_seen.clone().into(),
            ]
        })
        .collect();
    page.markup("<h3>")?;
    page.markup(title)?;
    page.markup("</h3>\n<p>One such request returns all of them and counts as one. These users made some, with or without an alert.</p>\n")?;
    tables::table(page, title, &columns, &rows, exposures.len(), REST)
}

fn excluded(page: &mut Page<'_>, summary: &HuntSummary) -> io::Result<()> {
    if summary.excluded_over_threshold.is_empty() {
        return Ok(());
    }
    let columns = ["principal", "distinct secrets", "at", "impersonated somebody"].map(str::to_owned);
    let rows: Vec<Vec<serde_json::Value>> = summary
        .excluded_over_threshold
        .iter()
        .take(SHOWN)
        .map(|p| {
            let user = fields::username(p.username.as_deref());
            vec![user.into(), p.peak_distinct.into(), p.at.clone().into(), p.impersonated.into()]
        })
        .collect();
    page.markup("<h3>Excluded principals at or above the threshold</h3>\n")?;
    page.markup("<p>System principals raise no alert. Stolen node or controller credentials would look like these.</p>\n")?;
    let found = summary.excluded_over_threshold.len();
    tables::table(page, "Excluded principals at or above the threshold", &columns, &rows, found, REST)
}

/// What the allow-list did: the alerts that it silenced are set apart here, without their details.
fn allowed(page: &mut Page<'_>, report: &HuntReport) -> io::Result<()> {
    if report.summary.allow.is_empty() {
        return Ok(());
    }
    let columns = ["alert", "severity", "crossed", "user", "distinct secrets", "entries"].map(str::to_owned);
    let rows: Vec<Vec<serde_json::Value>> = report
        .silenced()
        .map(|alert| {
            vec![
                alert.alert_id.clone().into(),
                fields::severity(alert.severity).into(),
                alert.crossed_at.clone().into(),
                fields::who(alert).into(),
                alert.peak_distinct.into(),
                allow::entries(alert).into(),
            ]
        })
        .collect();
    page.markup("<h3>Silenced by the allow-list</h3>\n")?;
    if rows.is_empty() {
        page.markup("<p>No alert is.</p>\n")?;
    } else {
        page.markup("<p>Without the reads that the list takes out, these have no window that reaches the threshold.</p>\n")?;
        tables::table(
            page,
            "Silenced by the allow-list",
            &columns,
            &rows[..rows.len().min(SHOWN)],
            rows.len(),
            REST,
        )?;
    }
    let columns = ["entry", "what became of it", "reason", "owner"].map(str::to_owned);
    let rows: Vec<Vec<serde_json::Value>> = report
        .summary
        .allow
        .iter()
        .map(|used| {
            let cells = [used.entry.clone(), allow::fate(used), used.reason.clone(), used.owner.clone()];
            cells.map(Into::into).to_vec()
        })
        .collect();
    page.markup("<h3>The allow-list</h3>\n")?;
    tables::table(page, "The allow-list", &columns, &rows[..rows.len().min(SHOWN)], rows.len(), REST)
}
