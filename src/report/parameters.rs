//! A hunt's parameters as people read them.

use jiff::Timestamp;
use serde_json::Value;

use super::text::count;
use super::time;
use crate::detect::HuntReport;

/// Those that were given, by their names.
pub fn given(report: &HuntReport) -> Vec<(&str, String)> {
    let Value::Object(parameters) = &report.parameters else { return Vec::new() };
    let given = parameters.iter().filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| (name.as_str(), shown(name, value))).collect()
}

/// What the hunt looked for, as a heading has it.
pub fn sought(report: &HuntReport) -> String {
    match report.parameters.get("rule").and_then(Value::as_str) {
        None | Some("Kubernetes.BulkSecretAccess") => "bulk access to secrets".to_owned(),
        Some(rule) => rule.to_owned(),
    }
}

/// The value of a parameter.
pub fn shown(name: &str, value: &Value) -> String {
    match (name, value) {
        (_, Value::Null) => "nothing".to_owned(),
        (_, Value::String(text)) => text.clone(),
        ("window" | "dedup", Value::Number(span)) => time::length(span.as_i64().unwrap_or_default()),
        ("newest", Value::Number(at)) => moment(at.as_i64()),
        ("since" | "until", Value::Object(bound)) => match bound.get("before_newest").and_then(Value::as_i64)
        {
            Some(span) => format!("{} before the newest event", time::length(span)),
            None => moment(bound.get("at").and_then(Value::as_i64)),
        },
        ("allow", Value::Object(allow)) => {
            let entries = allow.get("entries").and_then(Value::as_array).map_or(0, Vec::len);
            count(entries as u64, "entry", "entries")
        }
        (_, Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        (_, other) => other.to_string(),
    }
}

/// Microseconds since 1970-01-01T00:00Z as RFC 3339; nothing where they are beyond the calendar.
fn moment(micros: Option<i64>) -> String {
    micros.and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::sample;

    #[test]
    fn spans_and_times_are_read_by_people() {
        let mut report = sample::report();
        report.parameters = json!({
            "rule": "R", "since": {"before_newest": 432_000_000_000_i64}, "until": {"at": 1_794_175_200_000_000_i64}, "newest": 1_794_175_200_000_001_i64,
            "threshold": 15, "window": 1_800_000_000, "by": ["username", "cluster"], "include_system": false,
            "allow": {"today": "2026-11-25", "entries": [{}]}, "other": null,
        });
        let mut given = given(&report);
        given.sort();
        let expected = [
            ("allow", "1 entry"),
            ("by", "username,cluster"),
            ("include_system", "false"),
            ("newest", "2026-11-08T22:00:00.000001Z"),
            ("rule", "R"),
            ("since", "5 days before the newest event"),
            ("threshold", "15"),
            ("until", "2026-11-08T22:00:00Z"),
            ("window", "30 minutes"),
        ];
        assert_eq!(given, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(shown("since", &json!({"at": 1_793_664_000_000_000_i64})), "2026-11-03T00:00:00Z");
    }
}
