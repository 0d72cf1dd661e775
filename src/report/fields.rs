//! An alert's fields in the order every face shows them.

use super::text::number;
use crate::detect::{Alert, Severity};

/// How an absent username is shown.
pub const UNKNOWN_USER: &str = "<UNKNOWN_USER>";

/// A username as people see it.
pub fn username(username: Option<&str>) -> &str {
    username.unwrap_or(UNKNOWN_USER)
}

/// One field's value, borrowed from the alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    Text(&'a str),
    /// A group column that is no string (`null` is shown as nothing).
    Other(String),
    Number(i64),
    Flag(bool),
    List(&'a [String]),
    Numbers(&'a [i64]),
}

/// The word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
    }
}

/// The other group columns of `--by`, in the order the hunt gave them.
pub fn group(alert: &Alert) -> impl Iterator<Item = (&str, Value<'_>)> {
    alert.group.iter().flatten().map(|(name, value)| {
        let value = match value {
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Null => Value::Text(""),
            other => Value::Other(other.to_string()),
        };
        (name.as_str(), value)
    })
}

/// A field's name, as in JSON, and how its value is read.
pub struct Field {
    pub name: &'static str,
    value: fn(&Alert) -> Value<'_>,
}

impl Field {
    pub fn of<'a>(&self, alert: &'a Alert) -> Value<'a> {
        (self.value)(alert)
    }
}

const fn field(name: &'static str, value: fn(&Alert) -> Value<'_>) -> Field {
    Field { name, value }
}

use Value::{Flag, List, Number, Numbers, Text};

/// Every field of an alert but the group columns.
pub const FIELDS: &[Field] = &[
    field("rule_id", |a| Text(&a.rule_id)),
    field("alert_id", |a| Text(&a.alert_id)),
    field("title", |a| Text(&a.title)),
    field("severity", |a| Text(severity(a.severity))),
    field("username", |a| Text(username(a.username.as_deref()))),
    field("crossed_at", |a| Text(&a.crossed_at)),
    field("first_seen", |a| Text(&a.first_seen)),
    field("last_seen", |a| Text(&a.last_seen)),
    field("continuing", |a| Flag(a.continuing)),
    field("peak_distinct", |a| Number(a.peak_distinct)),
    field("distinct_secrets", |a| Number(a.distinct_secrets)),
    field("counts", |a| Numbers(&a.counts)),
    field("requests", |a| Number(a.requests)),
    field("succeeded", |a| Number(a.succeeded)),
    field("denied", |a| Number(a.denied)),
    field("failed", |a| Number(a.failed)),
    field("unknown", |a| Number(a.unknown)),
    field("verbs", |a| List(&a.verbs)),
    field("namespaces", |a| List(&a.namespaces)),
    field("secrets", |a| List(&a.secrets)),
    field("clusters", |a| List(&a.clusters)),
    field("log_types", |a| List(&a.log_types)),
    field("source_ips", |a| List(&a.source_ips)),
    field("user_agents", |a| List(&a.user_agents)),
    field("request_uris", |a| List(&a.request_uris)),
    field("response_codes", |a| Numbers(&a.response_codes)),
    field("resource", |a| Text(&a.resource)),
    field("cluster_wide_lists", |a| Number(a.cluster_wide_lists)),
    field("cluster_wide_lists_succeeded", |a| Number(a.cluster_wide_lists_succeeded)),
    field("namespace_lists", |a| Number(a.namespace_lists)),
    field("namespace_lists_succeeded", |a| Number(a.namespace_lists_succeeded)),
    field("tactic", |a| Text(&a.tactic)),
    field("technique", |a| Text(&a.technique)),
];

/// Requests by outcome, in words.
pub(super) fn requests(alert: &Alert) -> String {
    format!(
        "{}: {} succeeded, {} denied, {} failed, {} unknown",
        number(alert.requests),
        number(alert.succeeded),
        number(alert.denied),
        number(alert.failed),
        number(alert.unknown)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn names_and_order_are_those_of_the_json() {
        let alert = sample::alert("alice");
        let json = serde_json::to_value(&alert).unwrap();
        let in_json: Vec<&str> =
            json.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "group").collect();
        let here: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(here, in_json);
    }
}
