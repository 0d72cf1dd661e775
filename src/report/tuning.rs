//! What other thresholds would give: for a person, and each table as CSV.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::text::{count, number, to_the_second};
use super::{View, allow, escape, fields, rows};
use crate::detect::tune::{AtThreshold, Tuning, User};

/// Users shown on each side of the threshold.
const NEAREST: usize = 5;

/// The tables that CSV has one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Thresholds,
    Users,
    Allow,
}

/// Writes the recommendation, then the tables.
pub fn write_table(found: &Tuning, view: View, out: &mut dyn Write) -> io::Result<()> {
    let current = found.parameters.get("threshold").and_then(Value::as_i64).unwrap_or_default();
    let advice = &found.recommendation;
    writeln!(
        out,
        "recommended threshold: {}{}",
        advice.threshold,
        if advice.threshold == current { " (as it is)" } else { "" }
    )?;
    for reason in &advice.reasons {
        writeln!(out, "  because {}", escape::terminal(reason))?;
    }
    for user in &advice.allow {
        let usual = count(user.left_usual, "distinct secret", "distinct secrets");
        let line = format!("{}: {usual} on a usual day, over {} days", who(user), number(user.active_days));
        writeln!(out, "  allow?  {}", escape::terminal(&line))?;
    }
    let silenced = found.thresholds.iter().any(|at| at.silenced > 0);
    let with = if silenced { "; the silenced are among them" } else { "" };
    writeln!(out, "\nalerts by threshold (now {current}{with})")?;
    let at: Vec<Vec<Value>> = runs(&found.thresholds)
        .into_iter()
        .map(|(range, at)| vec![json!(range), json!(at.alerts), json!(at.silenced), json!(at.users)])
        .collect();
    rows::write_table(&["threshold", "alerts", "silenced", "users"], &at, view, out)?;
    let above = found.users.iter().rev().filter(|user| user.peak_distinct >= current).take(NEAREST).collect();
    nearest("users nearest above the threshold", above, view, out)?;
    let below = found.users.iter().filter(|user| user.peak_distinct < current).take(NEAREST).collect();
    nearest("users nearest below the threshold", below, view, out)?;
    if !found.allow.is_empty() {
        writeln!(out, "\nthe allow-list, entry by entry")?;
    }
    for line in &found.allow {
        let alone = count(line.silences_alone, "alert", "alerts");
        let text = format!("{}; alone it would silence {alone}", allow::entry(&line.used));
        writeln!(out, "  {}", escape::terminal(&text))?;
    }
    Ok(())
}

/// Writes one of the tables with every row.
pub fn write_csv(found: &Tuning, part: Part, out: &mut dyn Write) -> io::Result<()> {
    match part {
        Part::Thresholds => {
            let row = |at: &AtThreshold| {
                vec![json!(at.threshold), json!(at.alerts), json!(at.silenced), json!(at.users)]
            };
            let all: Vec<Vec<Value>> = found.thresholds.iter().map(row).collect();
            rows::write_csv(&["threshold", "alerts", "silenced", "users"], &all, out)
        }
        Part::Users => {
            let all: Vec<Vec<Value>> = found.users.iter().map(user_row).collect();
            rows::write_csv(&USER_COLUMNS, &all, out)
        }
        Part::Allow => {
            let all: Vec<Vec<Value>> = found
                .allow
                .iter()
                .map(|line| {
                    let used = &line.used;
                    vec![
                        json!(used.entry),
                        json!(used.reason),
                        json!(used.owner),
                        json!(used.expires),
                        json!(used.expired),
                        json!(used.reads),
                        json!(used.silenced),
                        json!(line.silences_alone),
                    ]
                })
                .collect();
            let columns =
                ["entry", "reason", "owner", "expires", "expired", "reads", "silenced", "silences_alone"];
            rows::write_csv(&columns, &all, out)
        }
    }
}

const USER_COLUMNS: [&str; 8] = [
    "username",
    "group",
    "peak_distinct",
    "peaked_at",
    "usual_distinct",
    "active_days",
    "left_distinct",
    "left_usual",
];

fn user_row(user: &User) -> Vec<Value> {
    vec![
        json!(fields::username(user.username.as_deref())),
        user.group.as_ref().map_or(Value::Null, |group| json!(Value::Object(group.clone()).to_string())),
        json!(user.peak_distinct),
        json!(user.peaked_at),
        json!(user.usual_distinct),
        json!(user.active_days),
        json!(user.left_distinct),
        json!(user.left_usual),
    ]
}

fn nearest(title: &str, users: Vec<&User>, view: View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{title}")?;
    if users.is_empty() {
        return writeln!(out, "  nobody");
    }
    let columns = ["user", "highest", "at (UTC)", "usual", "days", "left"];
    let cells: Vec<Vec<Value>> = users
        .into_iter()
        .map(|user| {
            vec![
                json!(who(user)),
                json!(user.peak_distinct),
                json!(to_the_second(&user.peaked_at)),
                json!(user.usual_distinct),
                json!(user.active_days),
                json!(user.left_distinct),
            ]
        })
        .collect();
    rows::write_table(&columns, &cells, view, out)
}

/// The username, and the other columns of the group.
fn who(user: &User) -> String {
    let mut who = fields::username(user.username.as_deref()).to_owned();
    for (name, value) in user.group.iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        who.push_str(&format!(" {name}={value}"));
    }
    who
}

/// Neighbouring thresholds that give the same, as one.
fn runs(thresholds: &[AtThreshold]) -> Vec<(String, AtThreshold)> {
    let same =
        |a: &AtThreshold, b: &AtThreshold| (a.alerts, a.silenced, a.users) == (b.alerts, b.silenced, b.users);
    thresholds
        .chunk_by(same)
        .filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let range = match run.len() {
                1 => first.threshold.to_string(),
                _ => format!("{} to {}", first.threshold, last.threshold),
            };
            Some((range, *first))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::alert::Versions;
    use crate::detect::tune::samples::user;
    use crate::detect::tune::{Line, recommend::recommend};
    use crate::report::sample;

    fn tuning() -> Tuning {
        let users = vec![
            user("system:serviceaccount:vault:sync", 60, 52, 30),
            user("=cmd\u{1b}[2J", 41, 41, 1),
            user("barbara", 14, 6, 12),
            user("ci", 9, 4, 30),
        ];
        let at = |threshold| {
            let alerts = users.iter().filter(|user| user.peak_distinct >= threshold).count() as i64;
            AtThreshold { threshold, alerts, users: alerts, silenced: i64::from(threshold <= 60) }
        };
        let thresholds: Vec<AtThreshold> = (5..=100).map(at).collect();
        let allow = sample::silenced_report().summary.allow;
        Tuning {
            schema: "kubetrawl/tune/1".into(),
            versions: Versions { kubetrawl: "0.1.0".into(), duckdb: "v2.0.0".into() },
            parameters: json!({"threshold": 15}),
            recommendation: recommend(&thresholds, &users, 15),
            thresholds,
            users_counted: 4,
            users,
            allow: allow.into_iter().map(|used| Line { silences_alone: used.silenced, used }).collect(),
        }
    }

    #[test]
    fn says_what_to_do_and_why() {
        let mut out = Vec::new();
        write_table(&tuning(), View { width: 100, ..View::default() }, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn each_table_is_a_csv() {
        let written = |part| {
            let mut out = Vec::new();
            write_csv(&tuning(), part, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Part::Thresholds).lines().count(), 97);
        let users = written(Part::Users);
        assert!(users.contains("'=cmd") && !users.contains('\u{1b}'), "{users}");
        assert!(written(Part::Allow).contains("allow.toml:7,"));
    }
}
