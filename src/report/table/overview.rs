//! The list of all alerts. Its columns' widths are known before the first row, which is written as soon as it is made.

use std::io::{self, Write};

use super::severity_color;
use crate::detect::{Alert, Severity};
use crate::report::fields::{self, Value};
use crate::report::text::{self, count, number};
use crate::report::{View, escape};

const ID: usize = 16;
const SEVERITY: usize = 8;
const TIME: usize = 19;
/// Of the counts' column, which grows with the largest count.
const LEAST_COUNT: usize = 7;
/// Below this a username would be a letter a line.
const LEAST_WHO: usize = 8;
const GAP: usize = 2;

/// Writes a line for each alert, and more where its name is longer than its column.
pub fn write(alerts: &[&Alert], view: View, out: &mut dyn Write) -> io::Result<()> {
    let counts = alerts.iter().map(|alert| number(alert.peak_distinct).len()).max().unwrap_or(0);
    let counts = counts.max(LEAST_COUNT);
    let who = view.width.saturating_sub(ID + SEVERITY + TIME + counts + 4 * GAP);
    if who < LEAST_WHO {
        return writeln!(out, "{}", count(alerts.len() as u64, "alert", "alerts"));
    }
    let longest = alerts.iter().map(|alert| text::width(&self::who(alert))).max().unwrap_or(0);
    let list = Overview { counts, who: who.min(longest.max(LEAST_WHO)), view };
    list.head(out)?;
    alerts.iter().try_for_each(|alert| list.row(alert, out))
}

struct Overview {
    /// The widths of the columns that differ from hunt to hunt.
    counts: usize,
    who: usize,
    view: View,
}

impl Overview {
    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        let head = format!(
            "{:ID$}  {:SEVERITY$}  {:TIME$}  {:>counts$}  USERNAME",
            "ALERT",
            "SEVERITY",
            "CROSSED AT (UTC)",
            "SECRETS",
            counts = self.counts
        );
        let (bold, plain) = if self.view.color { ("\u{1b}[1m", "\u{1b}[22m") } else { ("", "") };
        writeln!(out, "{bold}{head}{plain}")?;
        let width = ID + SEVERITY + TIME + self.counts + self.who + 4 * GAP;
        writeln!(out, "{}", "─".repeat(width))
    }

    fn row(&self, alert: &Alert, out: &mut dyn Write) -> io::Result<()> {
        let ids = text::wrap(&escape::terminal(&alert.alert_id), ID, 0);
        let times = text::wrap(&escape::terminal(&text::to_the_second(&alert.crossed_at)), TIME, 0);
        let names = text::wrap(&who(alert), self.who, 2);
        for index in 0..ids.len().max(times.len()).max(names.len()) {
            let part = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
            let is_first = index == 0;
            let line = [
                padded(&part(&ids), ID),
                if is_first { self.severity(alert.severity) } else { " ".repeat(SEVERITY) },
                padded(&part(&times), TIME),
                format!(
                    "{:>width$}",
                    if is_first { number(alert.peak_distinct) } else { String::new() },
                    width = self.counts
                ),
                part(&names),
            ];
            writeln!(out, "{}", line.join(&" ".repeat(GAP)).trim_end())?;
        }
        Ok(())
    }

    fn severity(&self, severity: Severity) -> String {
        let word = fields::severity(severity);
        let gap = " ".repeat(SEVERITY - word.len());
        if self.view.color {
            let color = severity_color(severity);
            format!("{}{word}{}{gap}", color.get_prefix(), color.get_suffix())
        } else {
            format!("{word}{gap}")
        }
    }
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text::width(text))))
}

/// The username, and the other columns that the alert was grouped by.
fn who(alert: &Alert) -> String {
    let mut who = fields::user(alert).into_owned();
    for (name, value) in fields::group(alert) {
        let value = match value {
            Value::Text(text) => text.to_owned(),
            Value::Other(text) => text,
            Value::List(texts) => texts.join(","),
            _ => continue,
        };
        who.push_str(&format!(" {name}={value}"));
    }
    escape::terminal(&who).into_owned()
}
