//! Two hunts compared: which alerts are new, gone, or changed.
//!
//! Ids hang on `crossed_at`, which another threshold or another record moves. So alerts correspond
//! when rule and group agree and their evidence, [first_seen, last_seen], overlaps. One alert can
//! overlap several of the other hunt: all that hang together are one change.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::alert::{Alert, HuntReport};

/// What `kubetrawl diff` answers. Alerts are in the order of time, group and id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HuntDiff {
    /// Always `kubetrawl/diff/1`.
    pub schema: String,
    /// The ids of the hunts.
    pub before: String,
    pub after: String,
    /// Parameters that differ.
    pub parameters: Vec<FieldChange>,
    /// Alerts of the second hunt that overlap none of the first.
    pub new: Vec<Alert>,
    /// Alerts of the first hunt that overlap none of the second.
    pub gone: Vec<Alert>,
    pub changed: Vec<Change>,
    /// Alerts that are the same in both, ids included.
    pub same: i64,
}

/// Alerts of both hunts that hang together, and are not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub rule_id: String,
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Map<String, Value>>,
    /// Alert ids of the first hunt.
    pub before: Vec<String>,
    /// Alert ids of the second hunt.
    pub after: Vec<String>,
    /// First to last evidence of all of them.
    pub first_seen: String,
    pub last_seen: String,
    /// What differs, where one alert corresponds to one; empty where alerts were split or joined.
    pub fields: Vec<FieldChange>,
}

/// A field with its value in both hunts, null where a hunt has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

/// A stored hunt with its id.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub id: &'a str,
    pub report: &'a HuntReport,
}

/// Compares two hunts, the second with the first.
pub fn diff(before: Side<'_>, after: Side<'_>) -> HuntDiff {
    let mut found = HuntDiff {
        schema: "kubetrawl/diff/1".to_owned(),
        before: before.id.to_owned(),
        after: after.id.to_owned(),
        parameters: fields(&before.report.parameters, &after.report.parameters),
        new: Vec::new(),
        gone: Vec::new(),
        changed: Vec::new(),
        same: 0,
    };
    let mut groups: BTreeMap<String, [Vec<&Alert>; 2]> = BTreeMap::new();
    for (side, report) in [before.report, after.report].into_iter().enumerate() {
        for alert in &report.alerts {
            groups.entry(group(alert)).or_default()[side].push(alert);
        }
    }
    for [before, after] in groups.into_values() {
        for (before, after) in together(before, after) {
            found.take(&before, &after);
        }
    }
    found.new.sort_by_cached_key(order);
    found.gone.sort_by_cached_key(order);
    found.changed.sort_by_cached_key(|c| (c.first_seen.clone(), c.before.clone(), c.after.clone()));
    found
}

impl HuntDiff {
    fn take(&mut self, before: &[&Alert], after: &[&Alert]) {
        match (before, after) {
            ([], after) => self.new.extend(after.iter().map(|alert| (*alert).clone())),
            (before, []) => self.gone.extend(before.iter().map(|alert| (*alert).clone())),
            ([one], [other]) if one == other => self.same += 1,
            (before, after) => self.changed.push(change(before, after)),
        }
    }
}

fn order(alert: &Alert) -> (String, String, String) {
    (alert.crossed_at.clone(), group(alert), alert.alert_id.clone())
}

/// The rule and the group of an alert. The usernames of an alert that is not grouped by username
/// are evidence, and may differ.
fn group(alert: &Alert) -> String {
    match &alert.group {
        Some(group) if group.contains_key("usernames") => {
            let columns: Map<String, Value> = group
                .iter()
                .filter(|(name, _)| *name != "usernames")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            json!([alert.rule_id, columns]).to_string()
        }
        group => json!([alert.rule_id, alert.username, group]).to_string(),
    }
}

type Together<'a> = (Vec<&'a Alert>, Vec<&'a Alert>);

/// The alerts of one group by what hangs together: through an overlap with an alert of the other
/// hunt, and through those that this one overlaps.
fn together<'a>(mut before: Vec<&'a Alert>, mut after: Vec<&'a Alert>) -> Vec<Together<'a>> {
    for alerts in [&mut before, &mut after] {
        alerts.sort_by_key(|alert| (&alert.first_seen, &alert.last_seen, &alert.alert_id));
    }
    // Union-find over all alerts: those before have the first numbers.
    let mut parents: Vec<usize> = (0..before.len() + after.len()).collect();
    let mut earliest = 0;
    let reach = furthest(&before);
    for (number, alert) in after.iter().enumerate() {
        // What ends before this alert begins ends before every later one begins.
        while reach.get(earliest).is_some_and(|last_seen| *last_seen < alert.first_seen.as_str()) {
            earliest += 1;
        }
        let candidates = before.iter().enumerate().skip(earliest);
        for (other, _) in candidates
            .take_while(|(_, one)| one.first_seen <= alert.last_seen)
            .filter(|(_, one)| one.last_seen >= alert.first_seen)
        {
            join(&mut parents, other, before.len() + number);
        }
    }
    let mut parts: BTreeMap<usize, Together<'a>> = BTreeMap::new();
    for (number, alert) in before.iter().chain(&after).enumerate() {
        let part = parts.entry(root(&mut parents, number)).or_default();
        if number < before.len() { part.0.push(alert) } else { part.1.push(alert) }
    }
    parts.into_values().collect()
}

/// The latest last_seen of each alert and those before it.
fn furthest<'a>(alerts: &[&'a Alert]) -> Vec<&'a str> {
    let mut furthest = "";
    let mut latest = |alert: &&'a Alert| {
        furthest = furthest.max(alert.last_seen.as_str());
        furthest
    };
    alerts.iter().map(&mut latest).collect()
}

fn root(parents: &mut [usize], mut number: usize) -> usize {
    while parents[number] != number {
        parents[number] = parents[parents[number]];
        number = parents[number];
    }
    number
}

fn join(parents: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(parents, one), root(parents, other));
    parents[one.max(other)] = one.min(other);
}

fn change(before: &[&Alert], after: &[&Alert]) -> Change {
    let all = || before.iter().chain(after);
    let ids = |alerts: &[&Alert]| alerts.iter().map(|alert| alert.alert_id.clone()).collect();
    let one = before[0];
    Change {
        rule_id: one.rule_id.clone(),
        username: one.username.clone(),
        group: one.group.clone(),
        before: ids(before),
        after: ids(after),
        first_seen: all().map(|alert| alert.first_seen.clone()).min().unwrap_or_default(),
        last_seen: all().map(|alert| alert.last_seen.clone()).max().unwrap_or_default(),
        fields: match (before, after) {
            ([one], [other]) => fields(&json!(one), &json!(other)),
            _ => Vec::new(),
        },
    }
}

/// The fields in which two objects differ, in the order of the first.
fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let empty = Map::new();
    let (one, other) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    names
        .map(|name| {
            let value = |object: &Map<String, Value>| object.get(name).cloned().unwrap_or_default();
            FieldChange { field: name.clone(), before: value(one), after: value(other) }
        })
        .filter(|change| change.before != change.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample;

    fn alert(user: &str, from: i64, to: i64) -> Alert {
        let time = |n: i64| format!("2026-11-20T{:02}:{:02}:00.000000Z", n / 60, n % 60);
        Alert {
            alert_id: format!("{user}-{from}-{to}"),
            crossed_at: time(to),
            first_seen: time(from),
            last_seen: time(to),
            ..sample::alert(user)
        }
    }

    fn compared(before: Vec<Alert>, after: Vec<Alert>) -> HuntDiff {
        let report = |alerts| HuntReport { alerts, ..sample::empty_report() };
        let (before, after) = (report(before), report(after));
        diff(Side { id: "a", report: &before }, Side { id: "b", report: &after })
    }

    #[test]
    fn alerts_correspond_by_group_and_time_whatever_their_ids() {
        let found = compared(
            vec![alert("eve", 0, 10), alert("bob", 0, 10), alert("ann", 0, 10)],
            vec![alert("eve", 10, 20), alert("bob", 11, 20), alert("ann", 0, 10)],
        );
        assert_eq!(found.same, 1);
        assert_eq!(found.gone, [alert("bob", 0, 10)]);
        assert_eq!(found.new, [alert("bob", 11, 20)]);
        let change = &found.changed[0];
        assert_eq!(
            (change.before.as_slice(), change.after.as_slice()),
            (&["eve-0-10".to_owned()][..], &["eve-10-20".to_owned()][..])
        );
        let names: Vec<&str> = change.fields.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(names, ["alert_id", "crossed_at", "first_seen", "last_seen"]);
    }

    #[test]
    fn split_and_joined_alerts_are_one_change() {
        let found = compared(
            vec![alert("eve", 0, 30), alert("eve", 50, 60)],
            vec![alert("eve", 0, 10), alert("eve", 20, 55), alert("eve", 70, 80)],
        );
        assert_eq!(found.changed.len(), 1);
        assert_eq!((found.changed[0].before.len(), found.changed[0].after.len()), (2, 2));
        assert!(found.changed[0].fields.is_empty());
        assert_eq!(found.new.len(), 1);
    }

    #[test]
    fn what_became_silenced_is_a_change() {
        let silenced = sample::silenced_report().alerts.pop().unwrap();
        let open = Alert { silenced_by: Vec::new(), ..silenced.clone() };
        let found = compared(vec![open], vec![silenced]);
        assert_eq!(found.changed[0].fields[0].field, "silenced_by");
        assert_eq!(found.changed[0].fields[0].before, Value::Null);
    }

    #[test]
    fn groups_without_a_username_agree_by_their_columns() {
        let grouped = |usernames: Value| Alert {
            username: None,
            group: json!({"cluster": "a", "usernames": usernames}).as_object().cloned(),
            ..alert("eve", 0, 10)
        };
        let found = compared(vec![grouped(json!(["x"]))], vec![grouped(json!(["x", "y"]))]);
        assert_eq!((found.changed.len(), found.new.len()), (1, 0));
    }

    proptest! {
        /// Every alert ends in one place, and what overlaps ends together, as loops within loops have it.
        #[test]
        fn nothing_is_lost_and_all_that_overlaps_is_together(
            spans in proptest::collection::vec((0..2_usize, 0..200_i64, 0..40_i64), 0..25)
        ) {
            let side = |wanted: usize| -> Vec<Alert> {
                let mut alerts: Vec<Alert> = spans.iter().filter(|(side, ..)| *side == wanted)
                    .map(|(_, from, length)| alert("eve", *from, from + length)).collect();
                alerts.sort_by(|a, b| a.alert_id.cmp(&b.alert_id));
                alerts.dedup();
                alerts
            };
            let (before, after) = (side(0), side(1));
            let found = compared(before.clone(), after.clone());
            let changed: usize = found.changed.iter().map(|change| change.before.len()).sum();
            prop_assert_eq!(before.len(), found.gone.len() + changed + found.same as usize);
            let overlaps = |one: &Alert, other: &Alert| one.first_seen <= other.last_seen && other.first_seen <= one.last_seen;
            for one in &before {
                let alone = !after.iter().any(|other| overlaps(one, other));
                prop_assert_eq!(alone, found.gone.contains(one));
                for other in after.iter().filter(|other| overlaps(one, other) && *other != one) {
                    let holds = |change: &Change| {
                        change.before.contains(&one.alert_id) && change.after.contains(&other.alert_id)
                    };
                    prop_assert!(found.changed.iter().any(holds));
                }
            }
            for other in &after {
                prop_assert_eq!(!before.iter().any(|one| overlaps(one, other)), found.new.contains(other));
            }
        }
    }
}
