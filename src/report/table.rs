//! For a person at a terminal: a list of all alerts, then a card per alert.
//!
//! Nothing is cut. What does not fit is wrapped, and a long list that is folded says how much
//! of it is not shown.

use std::io::{self, Write};

use tabled::Table;
use tabled::builder::Builder;
use tabled::settings::object::{Cell, Columns, Rows};
use tabled::settings::style::HorizontalLine;
use tabled::settings::{Alignment, Color, Padding, Style};

use super::View;
use super::escape;
use super::fields::{self, Value};
use super::text::{self, count, number};
use crate::detect::{Alert, HuntReport, Severity};

pub(super) fn write(report: &HuntReport, view: View, out: &mut dyn Write) -> io::Result<()> {
    let view = View { width: view.width.max(View::LEAST_WIDTH), ..view };
    let alerts: Vec<&Alert> = report.open().collect();
    if alerts.is_empty() {
        let silenced = report.summary.silenced;
        let note = if silenced > 0 { format!(" ({} silenced)", number(silenced)) } else { String::new() };
        return writeln!(out, "no alerts{note}");
    }
    if alerts.len() > 1 {
        write_overview(&alerts, view, out)?;
    }
    for (index, alert) in alerts.iter().enumerate() {
        if index > 0 || alerts.len() > 1 {
            writeln!(out)?;
        }
        writeln!(out, "{}", card(alert, view))?;
    }
    Ok(())
}

/// Widths of the overview's columns but the last, with the two spaces after each: id, severity,
/// time, peak.
const OVERVIEW_FIXED: usize = (16 + 2) + (8 + 2) + (19 + 2) + (7 + 2);

fn write_overview(alerts: &[&Alert], view: View, out: &mut dyn Write) -> io::Result<()> {
    let who_width = view.width.saturating_sub(OVERVIEW_FIXED);
    if who_width < 8 {
        return writeln!(out, "{}", count(alerts.len() as u64, "alert", "alerts"));
    }
    let mut builder = Builder::with_capacity(alerts.len() + 1, 5);
    builder.push_record(["ALERT", "SEVERITY", "CROSSED AT (UTC)", "SECRETS", "USERNAME"]);
    for alert in alerts {
        builder.push_record([
            text::wrap(&escape::terminal(&alert.alert_id), 16, 0).join("\n"),
            fields::severity(alert.severity).to_owned(),
            text::wrap(&escape::terminal(&text::to_the_second(&alert.crossed_at)), 19, 0).join("\n"),
            number(alert.peak_distinct),
            text::wrap(&who(alert), who_width, 2).join("\n"),
        ]);
    }
    let mut table = builder.build();
    let rule = HorizontalLine::new('─').intersection('─');
    table
        .with(Style::empty().vertical(' ').horizontals([(1, rule)]))
        .with(Padding::new(0, 1, 0, 0))
        .modify(Columns::last(), Padding::zero())
        .modify(Columns::one(3), Alignment::right());
    if view.color {
        table.modify(Rows::first(), Color::BOLD);
        for (index, alert) in alerts.iter().enumerate() {
            table.modify(Cell::new(index + 1, 1), severity_color(alert.severity));
        }
    }
    table.to_string().lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

/// The username, and the other columns that the alert was grouped by.
fn who(alert: &Alert) -> String {
    let mut who = fields::username(alert.username.as_deref()).to_owned();
    for (name, value) in fields::group(alert) {
        who.push_str(&format!(" {name}={}", plain(&value)));
    }
    escape::terminal(&who).into_owned()
}

/// Everything that is known of one alert, as label and value.
fn card(alert: &Alert, view: View) -> Table {
    let rows = Card::of(alert, view).rows;
    let labels = rows.iter().map(|(label, _)| text::width(label)).max().unwrap_or(0).min(20);
    // Three borders, and a space on both sides of both columns.
    let value_width = view.width.saturating_sub(labels + 7).max(12);
    let mut builder = Builder::with_capacity(rows.len(), 2);
    for (label, values) in &rows {
        // Indenting tells an element's second line from the next element.
        let hang = if values.len() > 1 { 2 } else { 0 };
        let lines: Vec<String> =
            values.iter().flat_map(|value| text::wrap(value, value_width, hang)).collect();
        let lines = pad(lines, value_width.min(CARD_VALUE_WIDTH));
        builder.push_record([text::wrap(label, labels, 0).join("\n"), lines.join("\n")]);
    }
    let mut table = builder.build();
    table.with(Style::rounded().remove_horizontals());
    if view.color {
        table.modify(Columns::first(), Color::new("\u{1b}[2m", "\u{1b}[22m"));
        table.modify(Cell::new(SEVERITY_ROW, 1), severity_color(alert.severity));
        table.modify(Cell::new(0, 1), Color::BOLD);
    }
    table
}

/// Cards are as wide as each other up to here, and wider only where their text is.
const CARD_VALUE_WIDTH: usize = 97;

/// An empty list is shown as `-`, and the first line takes the whole width.
fn pad(mut lines: Vec<String>, width: usize) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        if first.is_empty() {
            first.push('-');
        }
        let missing = width.saturating_sub(text::width(first));
        first.push_str(&" ".repeat(missing));
    }
    lines
}

/// Where [`Card::of`] puts the severity.
const SEVERITY_ROW: usize = 2;

fn severity_color(severity: Severity) -> Color {
    match severity {
        Severity::High => Color::FG_RED | Color::BOLD,
        Severity::Medium => Color::FG_YELLOW,
    }
}

/// A label and the lines of its value, escaped but not yet wrapped.
type Row = (String, Vec<String>);

struct Card {
    rows: Vec<Row>,
    wide: bool,
}

impl Card {
    fn of(alert: &Alert, view: View) -> Self {
        let mut card = Self { rows: Vec::new(), wide: view.wide };
        card.line("alert", &alert.alert_id);
        card.line("title", &alert.title);
        card.line("severity", fields::severity(alert.severity));
        card.line("username", fields::username(alert.username.as_deref()));
        for (name, value) in fields::group(alert) {
            card.line(name, &plain(&value));
        }
        card.line("crossed at", &crossed(alert));
        card.line("seen", &format!("{} to {}", alert.first_seen, alert.last_seen));
        card.line("distinct secrets", &distinct(alert));
        card.line("requests", &fields::requests(alert));
        card.line("response codes", &numbers(&alert.response_codes));
        card.line("lists", &lists(alert));
        card.joined("verbs", &alert.verbs, 20);
        card.line("resource", &alert.resource);
        card.joined("namespaces", &alert.namespaces, 20);
        card.joined("secrets", &alert.secrets, 20);
        card.joined("clusters", &alert.clusters, 20);
        card.joined("log types", &alert.log_types, 20);
        card.joined("source ips", &alert.source_ips, 10);
        card.stacked("user agents", &alert.user_agents, 5);
        card.stacked("request uris", &alert.request_uris, 5);
        card.line("technique", &format!("{} {}", alert.tactic, alert.technique));
        card.line("rule", &alert.rule_id);
        card
    }

    fn line(&mut self, label: &str, value: &str) {
        let label = escape::terminal(label).into_owned();
        self.rows.push((label, vec![escape::terminal(value).into_owned()]));
    }

    /// A list on as few lines as possible.
    fn joined(&mut self, label: &str, elements: &[String], fold: usize) {
        let (shown, folded) = self.fold(elements, fold);
        let mut text = shown.iter().map(|element| quoted(element)).collect::<Vec<_>>().join(", ");
        if let Some(folded) = folded {
            text.push_str(", ");
            text.push_str(&folded);
        }
        self.rows.push((label.to_owned(), vec![text]));
    }

    /// A list with a line for each element.
    fn stacked(&mut self, label: &str, elements: &[String], fold: usize) {
        let (shown, folded) = self.fold(elements, fold);
        let mut lines: Vec<String> = shown.iter().map(|element| quoted(element)).chain(folded).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        self.rows.push((label.to_owned(), lines));
    }

    /// The elements to show, and what is said of the rest. One more is never folded: saying so
    /// takes as much room.
    fn fold<'a>(&self, elements: &'a [String], fold: usize) -> (&'a [String], Option<String>) {
        if self.wide || elements.len() <= fold + 1 {
            return (elements, None);
        }
        let more = number((elements.len() - fold) as u64);
        (&elements[..fold], Some(format!("and {more} more (--wide shows all)")))
    }
}

/// An element as it stands in a list: in quotes where it could be taken for two, or for none.
fn quoted(element: &str) -> String {
    let shown = escape::terminal(element);
    let plain = !shown.is_empty() && !shown.contains([',', '"']) && shown.trim() == shown;
    if plain { shown.into_owned() } else { format!("\"{}\"", shown.replace('"', "\\\"")) }
}

fn crossed(alert: &Alert) -> String {
    let note = if alert.continuing { " (continuing: its first breaches lie before --since)" } else { "" };
    format!("{}{note}", alert.crossed_at)
}

fn distinct(alert: &Alert) -> String {
    format!(
        "{} at most in one window, {} over the whole alert",
        number(alert.peak_distinct),
        number(alert.distinct_secrets)
    )
}

fn lists(alert: &Alert) -> String {
    format!(
        "{} cluster-wide ({} succeeded), {} namespace-wide ({} succeeded)",
        number(alert.cluster_wide_lists),
        number(alert.cluster_wide_lists_succeeded),
        number(alert.namespace_lists),
        number(alert.namespace_lists_succeeded)
    )
}

fn numbers(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => (*text).to_owned(),
        Value::Other(text) => text.clone(),
        Value::Number(n) => number(*n),
        Value::Flag(flag) => flag.to_string(),
        Value::List(elements) => elements.join(", "),
        Value::Numbers(n) => numbers(n),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample;

    fn written(report: &HuntReport, view: View) -> String {
        let mut out = Vec::new();
        write(report, view, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fits_three_terminals() {
        for width in [80, 120, 200] {
            let text = written(&sample::report(), View { width, ..View::default() });
            insta::assert_snapshot!(format!("table_{width}"), text);
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        insta::assert_snapshot!(written(&sample::hostile_report(), View::default()));
    }

    #[test]
    fn says_that_there_is_nothing() {
        assert_eq!(written(&sample::empty_report(), View::default()), "no alerts\n");
    }

    #[test]
    fn folds_long_lists_and_says_so() {
        let mut report = sample::report();
        report.alerts[0].secrets = (0..100).map(|n| format!("prod/default/secret-{n:03}")).collect();
        let folded = written(&report, View { width: 200, ..View::default() });
        assert!(folded.contains("and 80 more"), "{folded}");
        assert!(!folded.contains("secret-099"));
        let wide = written(&report, View { wide: true, ..View::default() });
        assert!(wide.contains("secret-099") && !wide.contains("--wide"));
    }

    #[test]
    fn colors_only_when_asked() {
        let plain = written(&sample::report(), View::default());
        let colored = written(&sample::report(), View { color: true, ..View::default() });
        assert!(!plain.contains('\u{1b}'));
        assert!(colored.contains("\u{1b}[31m"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn is_never_wider_than_the_terminal_nor_obeyed_by_it(
            texts in prop::collection::vec(any::<String>(), 1..6),
            width in 0usize..220,
        ) {
            let mut report = sample::report();
            for (index, alert) in report.alerts.iter_mut().enumerate() {
                alert.username = texts.get(index).cloned();
                alert.title = texts.concat();
                alert.secrets.clone_from(&texts);
                alert.user_agents.clone_from(&texts);
            }
            let text = written(&report, View { width, ..View::default() });
            for line in text.lines() {
                prop_assert!(text::width(line) <= width.max(View::LEAST_WIDTH), "{line}");
                prop_assert!(!line.chars().any(escape::is_hidden));
            }
        }
    }
}
