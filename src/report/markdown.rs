//! For a ticket: headings, sentences and tables in Markdown as GitHub and GitLab read it.
//!
//! Every value of the log is a code span: nothing in one is markup, a link or a mention.

use std::io::{self, Write};

use serde_json::Value;

use super::allow;
use super::coverage;
use super::escape::markdown as span;
use super::evidence::{self, Evidence, EvidenceError, EvidenceSource};
use super::fields;
use super::parameters;
use super::rotation::Rotation;
use super::text::{count, number, to_the_second};
use crate::detect::{Alert, HuntReport};

/// How much of a large answer a ticket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub alerts: usize,
    /// Rows of one table, and elements of one list.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { alerts: 20, rows: 20 }
    }
}

/// The sections that a ticket shows; the page has all.
const SHOWN: [&str; 4] = [evidence::AUTHORIZATION, evidence::SIGNS, evidence::TIMELINE, evidence::ROTATION];

/// Writes the answer with its summary and, alert by alert, what to know and what to do.
pub fn write(
    report: &HuntReport,
    limits: Limits,
    source: &mut dyn EvidenceSource,
    out: &mut dyn Write,
) -> Result<(), EvidenceError> {
    summary(report, out)?;
    if let Some(rotation) = Rotation::read(source, limits.rows)? {
        write_rotation(&rotation, limits, out)?;
    }
    let shown: Vec<&Alert> = report.open().take(limits.alerts).collect();
    source.expect(&shown)?;
    for alert in shown {
        let evidence = source.evidence(alert, limits.rows)?;
        write_alert(alert, &evidence, limits, out)?;
    }
    let alerts = report.open().count();
    if alerts > limits.alerts {
        writeln!(out, "\nand {} more alerts", number((alerts - limits.alerts) as u64))?;
    }
    Ok(silenced(report, limits, out)?)
}

fn summary(report: &HuntReport, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    let alerts = count(report.open().count() as u64, "alert", "alerts");
    writeln!(out, "# {alerts} of {}\n", span(&parameters::sought(report)))?;
    write!(out, "{} searched", count(summary.requests, "request", "requests"))?;
    if let (Some(first), Some(last)) = (&summary.first_event, &summary.last_event) {
        write!(out, ", {} to {}", span(&to_the_second(first)), span(&to_the_second(last)))?;
    }
    writeln!(
        out,
        " UTC. Rule {}.",
        span(report.parameters.get("rule").and_then(Value::as_str).unwrap_or("unknown"))
    )?;
    match summary.coverage.as_ref().and_then(coverage::line) {
        Some(line) => writeln!(out, "\nCoverage: {}", span(&line)),
        None => Ok(()),
    }
}

/// What the allow-list did; nothing without one.
fn silenced(report: &HuntReport, limits: Limits, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    if summary.allow.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Silenced by the allow-list: {}\n", number(summary.silenced))?;
    for alert in report.silenced().take(limits.rows) {
        writeln!(out, "- {}", span(&allow::silenced(alert)))?;
    }
    if report.silenced().count() > limits.rows {
        writeln!(out, "- and {} more", number((report.silenced().count() - limits.rows) as u64))?;
    }
    writeln!(out, "\nEntries of the allow-list:\n")?;
    summary.allow.iter().try_for_each(|used| writeln!(out, "- {}", span(&allow::entry(used))))
}

fn write_alert(alert: &Alert, evidence: &Evidence, limits: Limits, out: &mut dyn Write) -> io::Result<()> {
    let user = span(&fields::who(alert));
    writeln!(out, "\n## {} {user}\n", fields::severity(alert.severity))?;
    write!(
        out,
        "{user} touched {} in one window, crossing the threshold at {} UTC. Of {}, {} succeeded and {} were denied.",
        count(alert.peak_distinct, "distinct secret", "distinct secrets"),
        span(&to_the_second(&alert.crossed_at)),
        count(alert.requests, "request", "requests"),
        number(alert.succeeded),
        number(alert.denied)
    )?;
    if alert.cluster_wide_lists_succeeded > 0 {
        let lists = count(alert.cluster_wide_lists_succeeded, "list", "lists");
        write!(out, " **{lists} of every secret of a cluster succeeded.**")?;
    }
    writeln!(out, "\n\n| | |\n|---|---|")?;
    let mut fact = |label: &str, value: String| writeln!(out, "| {label} | {value} |");
    fact("alert", span(&alert.alert_id))?;
    fact("seen", format!("{} to {}", span(&alert.first_seen), span(&alert.last_seen)))?;
    for (name, value) in fields::group(alert) {
        if let fields::Value::Text(text) = value {
            fact(&span(name), span(text))?;
        }
    }
    fact("distinct secrets", number(alert.distinct_secrets))?;
    fact("clusters", list(&alert.clusters, limits))?;
    fact("namespaces", list(&alert.namespaces, limits))?;
    fact("verbs", list(&alert.verbs, limits))?;
    fact("source ips", list(&alert.source_ips, limits))?;
    fact("user agents", list(&alert.user_agents, limits))?;
    fact("secrets", list(&alert.secrets, limits))?;
    fact("technique", format!("{} {}", span(&alert.tactic), span(&alert.technique)))?;
    if let Some(left_out) = &evidence.left_out {
        fact("runbook", span(left_out))?;
    }
    for runbook in &evidence.runbooks {
        let user = (evidence.runbooks.len() > 1).then(|| span(fields::username(runbook.username.as_deref())));
        for section in SHOWN.into_iter().filter_map(|name| runbook.section(name)) {
            if section.rows.is_empty() {
                continue;
            }
            let title = match &user {
                Some(user) => &format!("{}: {user}", section.title),
                None => &section.title,
            };
            table(title, &section.columns, &section.rows, section.found, limits, out)?;
        }
    }
    Ok(())
}

fn list(elements: &[String], limits: Limits) -> String {
    let mut shown: Vec<String> = elements.iter().take(limits.rows).map(|element| span(element)).collect();
    if elements.len() > limits.rows {
        shown.push(format!("and {} more", number((elements.len() - limits.rows) as u64)));
    }
    shown.join(", ")
}

fn write_rotation(rotation: &Rotation, limits: Limits, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## What must be rotated\n\n{}.", rotation.sentence())?;
    let places = rotation.places(limits.rows);
    let tables = [
        ("By cluster and namespace", &places),
        ("Each secret", &rotation.secrets),
        ("Lists whose answers may hold more", &rotation.lists),
    ];
    for (title, part) in tables.into_iter().filter(|(_, part)| part.found > 0) {
        table(title, &part.columns, &part.rows, part.found, limits, out)?;
    }
    Ok(())
}

fn table(
    title: &str,
    columns: &[String],
    rows: &[Vec<Value>],
    found: usize,
    limits: Limits,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "\n### {title}\n")?;
    let columns: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    writeln!(out, "| {} |", columns.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(columns.len()))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|value| cell(value, limits)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    if found > rows.len() {
        writeln!(out, "\nand {} more", number((found - rows.len()) as u64))?;
    }
    Ok(())
}

fn cell(value: &Value, limits: Limits) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => span(text),
        Value::Array(elements) => {
            let texts: Vec<String> = elements
                .iter()
                .map(|element| element.as_str().map_or_else(|| element.to_string(), str::to_owned))
                .collect();
            list(&texts, limits)
        }
        Value::Object(_) => span(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{escape, sample};

    fn written(report: &HuntReport, source: &mut dyn EvidenceSource) -> String {
        let mut out = Vec::new();
        write(report, Limits::default(), source, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// What is left of a line when its code spans are taken out, as CommonMark finds them.
    fn without_spans(line: &str) -> String {
        let mut left = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            left.push_str(&rest[..at]);
            let fence = rest[at..].chars().take_while(|c| *c == '`').count();
            let inner = &rest[at + fence..];
            let mut end = 0;
            let closed = loop {
                let Some(next) = inner[end..].find('`') else { panic!("an open span in {line}") };
                let run = inner[end + next..].chars().take_while(|c| *c == '`').count();
                end += next + run;
                if run == fence {
                    break end;
                }
            };
            rest = &inner[closed..];
        }
        left + rest
    }

    #[test]
    fn shows_alerts() {
        insta::assert_snapshot!(written(&sample::report(), &mut sample::Source));
    }

    #[test]
    fn users_of_one_alert_have_a_runbook_each() {
        let text = written(&sample::several_report(), &mut sample::Source);
        assert_eq!(text.matches("\n### Signs for and against\n").count(), 1);
        for user in ["user 001", "user 010"] {
            assert_eq!(text.matches(&format!("\n### Signs for and against: `{user}`\n")).count(), 1);
        }
        assert!(
            !text.contains("against: `user 011`") && text.contains("left out ('user 011', '<UNKNOWN_USER>')")
        );
    }

    #[test]
    fn hostile_values_stay_in_their_spans_and_cells() {
        let text = written(&sample::hostile_users_report(), &mut sample::HostileSource);
        assert!(!text.replace('\n', "").chars().any(escape::is_hidden));
        let mut columns = 0;
        for line in text.lines() {
            let outside = without_spans(line);
            assert!(!outside.contains(['<', '@', '[', '&']) && !outside.contains("http"), "{line}");
            let pipes = line.matches('|').count();
            if line.starts_with("|---") {
                columns = pipes;
            } else if line.starts_with("| ") && columns > 0 && !line.starts_with("| |") {
                assert_eq!(pipes, outside.matches('|').count(), "{line}");
            }
        }
    }

    #[test]
    fn ten_thousand_alerts_and_a_hundred_thousand_secrets_fit_a_ticket() {
        let mut report = sample::many(10_000);
        report.alerts[0].secrets = (0..100_000).map(|n| format!("prod/payments/secret-{n:06}")).collect();
        let text = written(&report, &mut sample::LargeSource { rows: 1000, asked: 0 });
        assert!(text.contains("and 99,980 more") && text.contains("and 9,980 more alerts"));
        assert!(text.len() < 1 << 20, "{} bytes", text.len());
    }
}
