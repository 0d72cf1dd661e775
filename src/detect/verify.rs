//! A hunt counted twice, by two methods that share nothing but the reads, and compared.
//!
//! The second method is sweep.sql for sliding windows, and `sql/verify` for the others. That proves
//! the window and what is made of it; what a read matches and counts as is common to both.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::DetectError;
use super::alert::{Alert, Versions};
use super::allow::Silencer;
use super::group::Group;
use super::hunt::Hunt;
use super::parameters::HuntParameters;
use super::rules::Rule;
use crate::cancel::Cancel;
use crate::engine::{Engine, Param};
use crate::lake::utc;
use crate::sql;

/// How many differences of each kind are shown; all are counted.
const MOST: i64 = 20;

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// Always `kubetrawl/verify/1`.
    pub schema: String,
    pub versions: Versions,
    pub parameters: Value,
    /// Instants of a group that both methods counted.
    pub counts: i64,
    /// Those of them that are breaches.
    pub breaches: i64,
    pub alerts: i64,
    pub differences: Differences,
    pub seconds: Seconds,
}

impl Verification {
    /// Whether both methods gave the same.
    pub fn agrees(&self) -> bool {
        self.differences.counts == 0 && self.differences.alerts == 0
    }
}

/// Where the methods differ: how often, and the first of each kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Differences {
    pub counts: i64,
    pub alerts: i64,
    pub first_counts: Vec<CountDifference>,
    pub first_alerts: Vec<AlertDifference>,
}

/// An instant at which the methods count differently; null where a method has no such instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountDifference {
    pub group: Map<String, Value>,
    pub event_time: String,
    pub detected: Option<i64>,
    pub recomputed: Option<i64>,
}

/// A field of an alert that differs; `alert` with one side null where only one method has the alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertDifference {
    pub alert_id: String,
    pub field: String,
    pub detected: Value,
    pub recomputed: Value,
}

/// How long each part took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Reading what both count.
    pub read: f64,
    pub detect: f64,
    pub recompute: f64,
}

/// Hunts by both methods over the engine's snapshot.
///
/// # Errors
/// As [`super::hunt()`], and when the rule has no second method.
pub fn verify(
    engine: &Engine,
    rule: &Rule,
    parameters: &HuntParameters,
    cancel: &Cancel,
) -> Result<Verification, DetectError> {
    let mut hunt = Hunt::new(engine, rule, parameters, cancel)?;
    let read = timed(|| hunt.read())?;
    let mut found = Both::default();
    found.detect(&mut hunt)?;
    let mut detected = hunt.alerts()?;
    found.recompute(&mut hunt)?;
    let mut recomputed = hunt.alerts()?;
    if let Some(silencer) = Silencer::of(parameters)? {
        silencer.read(&mut hunt)?;
        silencer.take_out(&mut hunt, parameters.threshold)?;
        found.detect(&mut hunt)?;
        silencer.mark(&mut detected, &silencer.silenced(&hunt)?);
        found.recompute(&mut hunt)?;
        silencer.mark(&mut recomputed, &silencer.silenced(&hunt)?);
    }
    let Both { counts, breaches, mut differences, seconds } = found;
    alerts(&detected, &recomputed, &mut differences);
    Ok(Verification {
        schema: "kubetrawl/verify/1".to_owned(),
        versions: Versions { kubetrawl: env!("CARGO_PKG_VERSION").to_owned(), duckdb: engine.version()? },
        parameters: json!(parameters),
        counts,
        breaches,
        alerts: whole(detected.len()),
        differences,
        seconds: Seconds { read, ..seconds },
    })
}

/// What both methods gave so far: of the run without the allow-list, then of the run with it.
#[derive(Default)]
struct Both {
    counts: i64,
    breaches: i64,
    differences: Differences,
    seconds: Seconds,
}

impl Both {
    /// Counts by the first method.
    fn detect(&mut self, hunt: &mut Hunt<'_>) -> Result<(), DetectError> {
        self.seconds.detect += timed(|| hunt.detect())?;
        Ok(())
    }

    /// Counts by the second, and compares with what the first left behind.
    fn recompute(&mut self, hunt: &mut Hunt<'_>) -> Result<(), DetectError> {
        hunt.keep("kept", sql::file("verify/kept.sql"))?;
        self.seconds.recompute += timed(|| hunt.recompute())?;
        counts(hunt, &mut self.differences)?;
        let (counts, breaches) = checked(hunt)?;
        self.counts += counts;
        self.breaches += breaches;
        Ok(())
    }
}

fn timed(work: impl FnOnce() -> Result<(), DetectError>) -> Result<f64, DetectError> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

fn checked(hunt: &Hunt<'_>) -> Result<(i64, i64), DetectError> {
    let mut found = (0, 0);
    hunt.each(sql::file("verify/checked.sql"), |cells, row| {
        found =
            (cells.int(row, "counts")?.unwrap_or_default(), cells.int(row, "breaches")?.unwrap_or_default());
        Ok(())
    })?;
    Ok(found)
}

fn counts(hunt: &mut Hunt<'_>, differences: &mut Differences) -> Result<(), DetectError> {
    hunt.bind("most", Param::Int(MOST));
    let mut differing = 0;
    hunt.each(sql::file("verify/differences.sql"), |cells, row| {
        differing = cells.int(row, "differences")?.unwrap_or_default();
        differences.first_counts.push(CountDifference {
            group: Group::read(cells, row, &hunt.parameters.by)?.columns(),
            event_time: utc::text(cells.time(row, "event_time")?.unwrap_or_default()),
            detected: cells.int(row, "detected")?,
            recomputed: cells.int(row, "recomputed")?,
        });
        Ok(())
    })?;
    differences.counts += differing;
    Ok(())
}

fn alerts(detected: &[Alert], recomputed: &[Alert], differences: &mut Differences) {
    let mut pairs: BTreeMap<(&str, &str), [Option<&Alert>; 2]> = BTreeMap::new();
    for (side, alerts) in [detected, recomputed].into_iter().enumerate() {
        for alert in alerts {
            pairs.entry((&alert.crossed_at, &alert.alert_id)).or_default()[side] = Some(alert);
        }
    }
    for ((_, alert_id), [detected, recomputed]) in pairs {
        for (field, detected, recomputed) in fields(&json!(detected), &json!(recomputed)) {
            differences.alerts += 1;
            if differences.alerts <= MOST {
                let alert_id = alert_id.to_owned();
                differences.first_alerts.push(AlertDifference { alert_id, field, detected, recomputed });
            }
        }
    }
}

/// The fields in which two alerts differ, one of which may be null.
fn fields(one: &Value, other: &Value) -> Vec<(String, Value, Value)> {
    let (Some(of_one), Some(of_other)) = (one.as_object(), other.as_object()) else {
        return if one == other {
            Vec::new()
        } else {
            vec![("alert".to_owned(), one.clone(), other.clone())]
        };
    };
    let names = of_one.keys().chain(of_other.keys().filter(|name| !of_one.contains_key(*name)));
    names
        .map(|name| (name.clone(), one[name].clone(), other[name].clone()))
        .filter(|(_, one, other)| one != other)
        .collect()
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_compared_field_by_field() {
        let one = json!({"alert_id": "a", "requests": 3, "verbs": ["get"]});
        let other = json!({"alert_id": "a", "requests": 4, "verbs": ["get"], "username": null});
        assert_eq!(fields(&one, &one), []);
        assert_eq!(fields(&one, &other), [("requests".to_owned(), json!(3), json!(4))]);
        assert_eq!(fields(&Value::Null, &one), [("alert".to_owned(), Value::Null, one.clone())]);
    }
}
