//! Everything that is known of one alert, in two columns: label and value.

use tabled::Table;
use tabled::builder::Builder;
use tabled::settings::object::{Cell, Columns};
use tabled::settings::{Color, Style};

use super::{severity_color, spark};
use crate::detect::Alert;
use crate::report::fields::{self, Value};
use crate::report::text::{self, number};
use crate::report::{View, escape};

/// The card of an alert; the threshold is the hunt's.
pub fn of(alert: &Alert, threshold: Option<i64>, view: View) -> Table {
    let mut rows = Card::of(alert, view).rows;
    let labels = rows.iter().map(|row| text::width(&row.label)).max().unwrap_or(0).min(20);
    // Three borders, and a space on both sides of both columns.
    let value_width = view.width.saturating_sub(labels + 7).max(12);
    let growth = spark::lines(alert, threshold, value_width.min(CARD_VALUE_WIDTH));
    if let (Some(after), false) = (rows.iter().position(|row| row.label == DISTINCT), growth.is_empty()) {
        rows.insert(after + 1, Row { label: "count over time".to_owned(), values: growth, folded: None });
    }
    let mut builder = Builder::with_capacity(rows.len(), 2);
    for row in &rows {
        let lines = pad(row.lines(value_width), value_width.min(CARD_VALUE_WIDTH));
        builder.push_record([text::wrap(&row.label, labels, 0).join("\n"), lines.join("\n")]);
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

/// The row below which the count's growth is drawn.
const DISTINCT: &str = "distinct secrets";

/// A label and the lines of its value, escaped but not yet wrapped.
struct Row {
    label: String,
    values: Vec<String>,
    /// What the last line says of elements that are not shown: in one piece, wherever it has room.
    folded: Option<String>,
}

impl Row {
    fn lines(&self, columns: usize) -> Vec<String> {
        // Indenting tells an element's second line from the next element.
        let hang = if self.values.len() > 1 { 2 } else { 0 };
        let mut lines: Vec<String> =
            self.values.iter().flat_map(|value| text::wrap(value, columns, hang)).collect();
        let Some(folded) = &self.folded else { return lines };
        match lines.last_mut() {
            Some(last) if text::width(last) + 1 + text::width(folded) <= columns => {
                last.push(' ');
                last.push_str(folded);
            }
            _ => lines.extend(text::wrap(folded, columns, hang)),
        }
        lines
    }
}

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
        card.line("username", &fields::user(alert));
        for (name, value) in fields::group(alert) {
            card.line(name, &plain(&value));
        }
        card.line("crossed at", &crossed(alert));
        card.line("seen", &format!("{} to {}", alert.first_seen, alert.last_seen));
        card.line(DISTINCT, &distinct(alert));
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
        self.push(label, vec![escape::terminal(value).into_owned()], None);
    }

    /// A list on as few lines as possible.
    fn joined(&mut self, label: &str, elements: &[String], fold: usize) {
        let (shown, folded) = self.fold(elements, fold);
        let mut text = shown.iter().map(|element| quoted(element)).collect::<Vec<_>>().join(", ");
        if folded.is_some() {
            text.push(',');
        }
        self.push(label.to_owned(), vec![text], folded);
    }

    /// A list with a line for each element.
    fn stacked(&mut self, label: &str, elements: &[String], fold: usize) {
        let (shown, folded) = self.fold(elements, fold);
        let mut lines: Vec<String> = shown.iter().map(|element| quoted(element)).chain(folded).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        self.push(label.to_owned(), lines, None);
    }

    fn push(&mut self, label: String, values: Vec<String>, folded: Option<String>) {
        self.rows.push(Row { label, values, folded });
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
