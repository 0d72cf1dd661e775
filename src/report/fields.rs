//! An alert's fields in the order every face shows them.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::text::{count, number};
pub use crate::detect::alert::username;
use crate::detect::alert::users;
use crate::detect::{Alert, Severity};

/// An alert's username as people see it; of an alert that is of no one user, how many there are.
pub fn user(alert: &Alert) -> Cow<'_, str> {
    user_of(alert.username.as_deref(), alert.group.as_ref())
}

/// The same, of what an alert says of its group.
pub fn user_of<'a>(name: Option<&'a str>, group: Option<&serde_json::Map<String, Json>>) -> Cow<'a, str> {
    match users(name, group).len() {
        users @ 2.. => Cow::Owned(count(users as u64, "user", "users")),
        _ => Cow::Borrowed(username(name)),
    }
}

/// Whom an alert is about, for a heading: its username, or how many users of which group.
pub fn who(alert: &Alert) -> Cow<'_, str> {
    let user = user(alert);
    let columns: Vec<String> = group(alert).filter_map(|(name, value)| of_group(name, &value)).collect();
    match alert.users().len() {
        2.. => Cow::Owned(format!("{user} of {}", columns.join(", "))),
        _ => user,
    }
}

fn of_group(name: &str, value: &Value<'_>) -> Option<String> {
    let name = name.replace('_', " ");
    match value {
        Value::Text("") => Some(format!("no {name}")),
        Value::Text(value) => Some(format!("{name} {value}")),
        _ => None,
    }
}

/// One field's value, borrowed from the alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    Text(&'a str),
    /// A group column that is no string (`null` is shown as nothing).
    Other(String),
    Number(i64),
    Flag(bool),
    List(Vec<&'a str>),
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
            Json::String(text) => Value::Text(text),
            Json::Null => Value::Text(""),
            Json::Array(names) => List(names.iter().map(|name| username(name.as_str())).collect()),
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

fn single(alert: &Alert) -> &str {
    match alert.users()[..] {
        [name] => username(name),
        _ => "",
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

use Value::{Flag, List, Number, Numbers, Text};

/// Every field of an alert but the group columns.
pub const FIELDS: &[Field] = &[
    field("rule_id", |a| Text(&a.rule_id)),
    field("alert_id", |a| Text(&a.alert_id)),
    field("title", |a| Text(&a.title)),
    field("severity", |a| Text(severity(a.severity))),
    // Of several users the column `usernames` has the names.
    field("username", |a| Text(single(a))),
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
    field("verbs", |a| List(texts(&a.verbs))),
    field("namespaces", |a| List(texts(&a.namespaces))),
    field("secrets", |a| List(texts(&a.secrets))),
    field("clusters", |a| List(texts(&a.clusters))),
    field("log_types", |a| List(texts(&a.log_types))),
    field("source_ips", |a| List(texts(&a.source_ips))),
    field("user_agents", |a| List(texts(&a.user_agents))),
    field("request_uris", |a| List(texts(&a.request_uris))),
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
    use crate::detect::alert::UNKNOWN_USER;
    use crate::report::sample;

    #[test]
    fn an_alert_of_no_one_user_says_how_many_there_are() {
        let own = sample::alert("alice");
        assert_eq!((user(&own), who(&own)), ("alice".into(), "alice".into()));
        let of =
            |group: Json| Alert { username: None, group: group.as_object().cloned(), ..sample::alert("") };
        let several = of(serde_json::json!({"cluster": "c1", "source_ip": null, "usernames": ["a", "b"]}));
        assert_eq!(
            (user(&several), who(&several)),
            ("2 users".into(), "2 users of cluster c1, no source ip".into())
        );
        let unnamed = of(serde_json::json!({"cluster": "c1", "usernames": ["a", null]}));
        assert_eq!(who(&unnamed), "2 users of cluster c1");
        assert_eq!(group(&unnamed).last(), Some(("usernames", List(vec!["a", UNKNOWN_USER]))));
        // Grouped by the username too, which the records do not have; and of a group in which none has one.
        for group in
            [serde_json::json!({"cluster": "c1"}), serde_json::json!({"cluster": "c1", "usernames": []})]
        {
            let unknown = of(group);
            assert_eq!((user(&unknown), who(&unknown)), (UNKNOWN_USER.into(), UNKNOWN_USER.into()));
        }
    }

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
