//! One alert: what happened in a sentence, its charts, its facts, its runbook.

use std::io;

use serde_json::Value;

use super::page::Page;
use super::{chart, overview, tables};
use crate::detect::{Alert, HuntReport};
use crate::report::evidence::{self, Evidence, Step, UserRunbook};
use crate::report::fields;
use crate::report::text::{count, number, to_the_second};

/// Sections that are unfolded from the start: what allowed it, the verdict's grounds and what to do.
const OPEN: [&str; 4] = [evidence::AUTHORIZATION, evidence::SIGNS, evidence::TIMELINE, evidence::ROTATION];

pub fn article(
    page: &mut Page<'_>,
    report: &HuntReport,
    alert: &Alert,
    position: usize,
    evidence: &Evidence,
) -> io::Result<()> {
    page.markup("<article id=\"")?;
    page.alert_anchor(position)?;
    page.markup("\">\n<h3>")?;
    overview::severity(page, alert.severity)?;
    page.markup(" ")?;
    page.value(&fields::who(alert))?;
    page.markup("</h3>\n")?;
    sentence(page, report, alert)?;
    page.markup("<div class=\"charts\">\n")?;
    if let Some(series) = &evidence.series {
        chart::series(page, alert, series)?;
    }
    chart::namespaces(page, &evidence.namespaces)?;
    chart::answers(page, &evidence.answers)?;
    page.markup("</div>\n")?;
    facts(page, alert)?;
    match evidence.runbooks.as_slice() {
        [runbook] => steps(page, runbook)?,
        several => users(page, several)?,
    }
    if let Some(left_out) = &evidence.left_out {
        page.markup("<p class=\"more\">")?;
        page.value(left_out)?;
        page.markup("</p>\n")?;
    }
    page.markup("</article>\n")
}

/// The runbook of each user, folded behind the name; the first is unfolded.
fn users(page: &mut Page<'_>, runbooks: &[UserRunbook]) -> io::Result<()> {
    for (position, runbook) in runbooks.iter().enumerate() {
        page.markup(if position == 0 { "<details open>" } else { "<details>" })?;
        page.markup("<summary><span>The runbook of ")?;
        page.value(fields::username(runbook.username.as_deref()))?;
        page.markup("</span></summary>\n")?;
        steps(page, runbook)?;
        page.markup("</details>\n")?;
    }
    Ok(())
}

fn steps(page: &mut Page<'_>, runbook: &UserRunbook) -> io::Result<()> {
    runbook.steps.iter().try_for_each(|step| self::step(page, step))
}

/// Who did what, when, from where and whether it worked.
fn sentence(page: &mut Page<'_>, report: &HuntReport, alert: &Alert) -> io::Result<()> {
    page.markup("<p class=\"lead\">")?;
    page.value(&fields::who(alert))?;
    let threshold = report.parameters.get("threshold").and_then(Value::as_i64);
    let secrets = count(alert.peak_distinct, "distinct secret", "distinct secrets");
    page.text(&match threshold {
        Some(threshold) => format!(
            " reached {} distinct secrets in one window at {} UTC, and {secrets} at most",
            number(threshold),
            to_the_second(&alert.crossed_at)
        ),
        None => format!(" touched {secrets} in one window from {} UTC", to_the_second(&alert.crossed_at)),
    })?;
    page.text(&format!(
        ". Of {}, {} succeeded and {} were denied",
        count(alert.requests, "request", "requests"),
        number(alert.succeeded),
        number(alert.denied)
    ))?;
    if let Some(address) = alert.source_ips.first() {
        page.markup(", from ")?;
        page.value(address)?;
        others(page, alert.source_ips.len(), "other address", "other addresses")?;
    }
    page.text(".")?;
    if alert.continuing {
        page.markup(" It began before the time this hunt looks at.")?;
    }
    if alert.cluster_wide_lists_succeeded > 0 {
        page.markup(" <strong>")?;
        page.text(&count(alert.cluster_wide_lists_succeeded, "list", "lists"))?;
        page.markup(" of every secret of a cluster succeeded.</strong>")?;
    }
    page.markup("</p>\n")
}

fn others(page: &mut Page<'_>, all: usize, one: &str, many: &str) -> io::Result<()> {
    if all > 1 {
        page.text(&format!(" and {}", count((all - 1) as u64, one, many)))?;
    }
    Ok(())
}

fn facts(page: &mut Page<'_>, alert: &Alert) -> io::Result<()> {
    page.markup(
        "<details class=\"about\" open><summary><span>The alert</span></summary>\n<dl class=\"facts\">\n",
    )?;
    for (name, value) in fields::group(alert) {
        let value = match value {
            fields::Value::Text(text) => text.to_owned(),
            fields::Value::Other(text) => text,
            _ => continue,
        };
        tables::entry(page, name, &value)?;
    }
    tables::entry(page, "crossed at", &alert.crossed_at)?;
    tables::entry(page, "seen", &format!("{} to {}", alert.first_seen, alert.last_seen))?;
    tables::entry(page, "distinct secrets", &number(alert.distinct_secrets))?;
    tables::entry(page, "requests", &fields::requests(alert))?;
    tables::entry(page, "lists", &lists(alert))?;
    tables::list(page, "clusters", &alert.clusters, 10)?;
    tables::list(page, "namespaces", &alert.namespaces, 20)?;
    tables::list(page, "verbs", &alert.verbs, 10)?;
    let codes: Vec<String> = alert.response_codes.iter().map(i64::to_string).collect();
    tables::list(page, "response codes", &codes, 20)?;
    tables::list(page, "source ips", &alert.source_ips, 10)?;
    tables::list(page, "user agents", &alert.user_agents, 10)?;
    tables::list(page, "secrets", &alert.secrets, 10)?;
    tables::list(page, "request uris", &alert.request_uris, 5)?;
    tables::list(page, "log types", &alert.log_types, 10)?;
    tables::entry(page, "technique", &format!("{} {}", alert.tactic, alert.technique))?;
    tables::entry(page, "rule", &alert.rule_id)?;
    tables::entry(page, "alert", &alert.alert_id)?;
    page.markup("</dl></details>\n")
}

fn lists(alert: &Alert) -> String {
    format!(
        "{} of a whole cluster ({} succeeded), {} of a namespace ({} succeeded)",
        number(alert.cluster_wide_lists),
        number(alert.cluster_wide_lists_succeeded),
        number(alert.namespace_lists),
        number(alert.namespace_lists_succeeded)
    )
}

fn step(page: &mut Page<'_>, step: &Step) -> io::Result<()> {
    page.markup("<section class=\"step\">\n<h4><span class=\"step-number\">")?;
    page.text(&step.number.to_string())?;
    page.markup("</span> ")?;
    page.text(&step.title)?;
    page.markup("</h4>\n")?;
    for section in &step.sections {
        let is_open = OPEN.contains(&section.name.as_str()) && !section.rows.is_empty();
        tables::section(page, section, is_open)?;
    }
    page.markup("</section>\n")
}
