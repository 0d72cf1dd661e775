//! Two hunts compared: lines for a person, rows of CSV.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::text::{count, number, to_the_second};
use super::{escape, fields, parameters, rows};
use crate::detect::Alert;
use crate::detect::diff::{Change, FieldChange, HuntDiff};

/// A line for each alert that is new or gone; for each that changed, what did.
pub fn write_table(found: &HuntDiff, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} new, {} gone, {} changed, {} the same",
        number(found.new.len() as u64),
        number(found.gone.len() as u64),
        number(found.changed.len() as u64),
        number(found.same)
    )?;
    for change in &found.parameters {
        let [before, after] =
            [&change.before, &change.after].map(|value| parameters::shown(&change.field, value));
        line(out, &format!("parameter {}: {before} -> {after}", change.field))?;
    }
    for alert in &found.new {
        line(out, &format!("new       {}", summed_up(alert)))?;
    }
    for alert in &found.gone {
        line(out, &format!("gone      {}", summed_up(alert)))?;
    }
    for change in &found.changed {
        line(out, &format!("changed   {}", header(change)))?;
        for field in &change.fields {
            line(out, &format!("            {}", changed(field)))?;
        }
    }
    Ok(())
}

/// One row for each alert that is new or gone, and for each change.
pub fn write_csv(found: &HuntDiff, out: &mut dyn Write) -> io::Result<()> {
    let columns =
        ["change", "before", "after", "rule_id", "username", "group", "first_seen", "last_seen", "fields"];
    let alone = |kind: &str, alert: &Alert| {
        let ids = [json!([alert.alert_id]), json!([])];
        let [before, after] = if kind == "gone" {
            ids
        } else {
            let [one, none] = ids;
            [none, one]
        };
        let group = grouped(alert.group.as_ref());
        row(
            kind,
            before,
            after,
            &alert.rule_id,
            alert.username.as_deref(),
            group,
            [&alert.first_seen, &alert.last_seen],
            json!([]),
        )
    };
    let mut all: Vec<Vec<Value>> = found.new.iter().map(|alert| alone("new", alert)).collect();
    all.extend(found.gone.iter().map(|alert| alone("gone", alert)));
    all.extend(found.changed.iter().map(|change| {
        let names: Vec<&str> = change.fields.iter().map(|field| field.field.as_str()).collect();
        let group = grouped(change.group.as_ref());
        let seen = [&change.first_seen, &change.last_seen];
        let (before, after) = (json!(change.before), json!(change.after));
        row("changed", before, after, &change.rule_id, change.username.as_deref(), group, seen, json!(names))
    }));
    rows::write_csv(&columns, &all, out)
}

#[expect(clippy::too_many_arguments, reason = "one for each column")]
fn row(
    kind: &str,
    before: Value,
    after: Value,
    rule_id: &str,
    username: Option<&str>,
    group: Value,
    seen: [&String; 2],
    changed: Value,
) -> Vec<Value> {
    let username = fields::user_of(username, group.as_object()).into_owned();
    vec![
        json!(kind),
        before,
        after,
        json!(rule_id),
        json!(username),
        group,
        json!(seen[0]),
        json!(seen[1]),
        changed,
    ]
}

fn grouped(group: Option<&serde_json::Map<String, Value>>) -> Value {
    group.map_or(Value::Null, |group| json!(Value::Object(group.clone()).to_string()))
}

fn line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", escape::terminal(text))
}

fn summed_up(alert: &Alert) -> String {
    let secrets = count(alert.peak_distinct, "distinct secret", "distinct secrets");
    let silenced = if alert.is_silenced() { ", silenced" } else { "" };
    format!(
        "{} {} {} {}: {secrets}{silenced}",
        alert.alert_id,
        fields::severity(alert.severity),
        to_the_second(&alert.crossed_at),
        who(alert.username.as_deref(), alert.group.as_ref()),
    )
}

fn header(change: &Change) -> String {
    let who = who(change.username.as_deref(), change.group.as_ref());
    let ids = format!("{} -> {}", change.before.join(" + "), change.after.join(" + "));
    let seen = format!("{} to {}", to_the_second(&change.first_seen), to_the_second(&change.last_seen));
    if change.before == change.after {
        format!("{} {who}, {seen}", change.before.join(" + "))
    } else {
        format!("{ids} {who}, {seen}")
    }
}

fn who(username: Option<&str>, group: Option<&serde_json::Map<String, Value>>) -> String {
    let mut who = fields::user_of(username, group).into_owned();
    for (name, value) in group.into_iter().flatten().filter(|(name, _)| *name != "usernames") {
        who.push_str(&format!(" {name}={}", plain(value)));
    }
    who
}

/// What a field was and is; of a list, what it gained and lost.
fn changed(change: &FieldChange) -> String {
    let (Some(before), Some(after)) = (change.before.as_array(), change.after.as_array()) else {
        return format!("{}: {} -> {}", change.field, plain(&change.before), plain(&change.after));
    };
    let only = |one: &[Value], other: &[Value]| {
        let other: std::collections::HashSet<String> = other.iter().map(Value::to_string).collect();
        one.iter().filter(|item| !other.contains(&item.to_string())).cloned().collect::<Vec<_>>()
    };
    let part = |sign: &str, items: Vec<Value>| match items.as_slice() {
        [] => String::new(),
        [one] => format!(" {sign}{}", plain(one)),
        [one, rest @ ..] => format!(" {sign}{} and {} more", plain(one), number(rest.len() as u64)),
    };
    format!("{}:{}{}", change.field, part("+", only(after, before)), part("-", only(before, after)))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        // An entry of an allow-list is known by its place.
        Value::Object(object) => object.get("entry").map_or_else(|| value.to_string(), plain),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::HuntReport;
    use crate::detect::diff::{Side, diff};
    use crate::report::sample;

    fn found() -> HuntDiff {
        let before = HuntReport { parameters: json!({"threshold": 15}), ..sample::report() };
        let mut after = HuntReport { parameters: json!({"threshold": 12}), ..sample::silenced_report() };
        after.alerts[0].secrets.remove(3);
        after.alerts[0].secrets.extend(["x".to_owned(), "y".to_owned()]);
        after.alerts[0].requests += 1;
        diff(Side { id: "a", report: &before }, Side { id: "b", report: &after })
    }

    #[test]
    fn says_what_is_new_gone_and_changed() {
        let mut out = Vec::new();
        write_table(&found(), &mut out).unwrap();
        write_csv(&found(), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn names_stay_text() {
        let (before, after) = (sample::empty_report(), sample::hostile_report());
        let found = diff(Side { id: "a", report: &before }, Side { id: "b", report: &after });
        let mut out = Vec::new();
        write_table(&found, &mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().replace('\n', "").chars().any(escape::is_hidden));
    }
}
