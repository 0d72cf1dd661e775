//! Tests of more than one record: steps with relative times, repeats and templates.

use serde_json::Value;

use super::Bench;
use super::records::{BEGINNING, complete};
use crate::detect::rules::{Expected, Sequence, Step};
use crate::detect::{Alert, DetectError, HuntParameters, Since, hunt};
use crate::lake::utc;

/// Runs a sequence and compares its alerts, in the order of answers.
pub fn outcome(bench: &Bench<'_>, sequence: &Sequence) -> Result<Option<String>, DetectError> {
    let mut logs = Vec::new();
    for step in &sequence.steps {
        records(bench, sequence, step, &mut logs)?;
    }
    let parameters = parameters(bench, sequence)?;
    let report = bench.with_engine(&logs, |engine| hunt(engine, bench.rule, &parameters, bench.cancel))?;
    if report.alerts.len() != sequence.alerts.len() {
        return Ok(Some(format!(
            "expected {} alerts, but there are {}",
            sequence.alerts.len(),
            report.alerts.len()
        )));
    }
    for (number, (expected, alert)) in sequence.alerts.iter().zip(&report.alerts).enumerate() {
        if let Some(difference) = difference(bench, expected, alert)? {
            return Ok(Some(format!("alert {}: {difference}", number + 1)));
        }
    }
    Ok(None)
}

/// Records of one step: all of a test are in memory.
const MOST_REPEATS: i64 = 100_000;

fn records(
    bench: &Bench<'_>,
    sequence: &Sequence,
    step: &Step,
    logs: &mut Vec<Value>,
) -> Result<(), DetectError> {
    if !(1..=MOST_REPEATS).contains(&step.repeat) {
        return Err(bench.refuse(format!("repeat is {}, of 1 to {MOST_REPEATS}", step.repeat)));
    }
    let at = micros(bench, &step.at)?;
    let every = step.every.as_deref().map_or(Ok(0), |every| micros(bench, every))?;
    for repeat in 0..step.repeat {
        let mut log = sequence.log.clone();
        if let Some(changes) = &step.log {
            lay_over(&mut log, changes);
        }
        fill(&mut log, step.from + repeat);
        logs.push(complete(&log, logs.len(), at + every * repeat));
    }
    Ok(())
}

/// Lays changes over a Log: objects by their fields, null takes a field out, all else replaces.
fn lay_over(log: &mut Value, changes: &Value) {
    let (Value::Object(fields), Value::Object(changes)) = (&mut *log, changes) else {
        *log = changes.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.shift_remove(name);
        } else {
            lay_over(fields.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// Puts the record's number for `{n}` in every string.
fn fill(log: &mut Value, n: i64) {
    match log {
        Value::String(text) => *text = text.replace("{n}", &n.to_string()),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, n)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, n)),
        _ => {}
    }
}

fn parameters(bench: &Bench<'_>, sequence: &Sequence) -> Result<HuntParameters, DetectError> {
    let given = &sequence.parameters;
    let mut parameters = HuntParameters::of(bench.rule);
    parameters.include_system = given.include_system;
    if let Some(by) = &given.by {
        parameters.by.clone_from(by);
    }
    parameters.secret_key = given.secret_key.unwrap_or(parameters.secret_key);
    parameters.threshold = given.threshold.unwrap_or(parameters.threshold);
    let time = |at: &Option<String>| at.as_deref().map(|at| micros(bench, at)).transpose();
    parameters.since = time(&given.since)?.map(|at| Since::At(BEGINNING + at));
    parameters.until = time(&given.until)?.map(|at| Since::At(BEGINNING + at));
    Ok(parameters)
}

fn micros(bench: &Bench<'_>, span: &str) -> Result<i64, DetectError> {
    let refuse = || bench.refuse(format!("'{span}' is not a span such as 29m59s"));
    let duration = humantime::parse_duration(span).map_err(|_| refuse())?;
    i64::try_from(duration.as_micros()).map_err(|_| refuse())
}

fn difference(bench: &Bench<'_>, expected: &Expected, alert: &Alert) -> Result<Option<String>, DetectError> {
    let crossed_at = expected.crossed_at.as_deref().map(|at| micros(bench, at)).transpose()?;
    let fields = [
        differs("username", expected.username.as_ref(), alert.username.as_ref()),
        differs("severity", expected.severity.as_ref(), Some(&alert.severity)),
        differs(
            "crossed_at",
            crossed_at.map(|at| utc::text(BEGINNING + at)).as_ref(),
            Some(&alert.crossed_at),
        ),
        differs("peak_distinct", expected.peak_distinct.as_ref(), Some(&alert.peak_distinct)),
        differs("distinct_secrets", expected.distinct_secrets.as_ref(), Some(&alert.distinct_secrets)),
        differs("requests", expected.requests.as_ref(), Some(&alert.requests)),
        differs("unknown", expected.unknown.as_ref(), Some(&alert.unknown)),
        differs("continuing", expected.continuing.as_ref(), Some(&alert.continuing)),
    ];
    Ok(fields.into_iter().flatten().next())
}

fn differs<T: PartialEq + std::fmt::Debug>(
    name: &str,
    expected: Option<&T>,
    found: Option<&T>,
) -> Option<String> {
    let expected = expected?;
    (Some(expected) != found).then(|| format!("expected {name} {expected:?}, but it is {found:?}"))
}
