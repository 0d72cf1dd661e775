//! What a hunt answers: alerts, and the summary that says what they rest on.
//!
//! Field names are the interface of `--format json` (schema `kubetrawl/hunt/1`) and CSV headers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::allow::{AllowUse, AllowedBy};
use super::coverage::RuleCoverage;
use super::parameters::HuntParameters;

/// HIGH when any of an alert's evidence succeeded, else MEDIUM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    Medium,
    High,
}

/// What a record without a username is shown under.
pub const UNKNOWN_USER: &str = "<UNKNOWN_USER>";

/// Slices that the time of an alert is cut into to show how its count grew.
pub const COUNTS: usize = 48;

/// One alert: a group's consecutive breaches and the evidence from one window before them.
///
/// Times are RFC 3339 in UTC with six fraction digits; lists are sorted and distinct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub rule_id: String,
    /// First 16 hex digits of SHA-256 over the JSON array `[rule_id, group columns with their values, crossed_at]`.
    pub alert_id: String,
    pub title: String,
    pub severity: Severity,
    /// Null for records without a username; shown as [`UNKNOWN_USER`].
    pub username: Option<String>,
    /// The other group columns of `--by`, present only when grouped by. Where the username is none of the
    /// columns, `usernames` has those of the evidence; see [`Alert::users`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<Map<String, Value>>,
    /// When the threshold was first reached.
    pub crossed_at: String,
    pub first_seen: String,
    pub last_seen: String,
    /// The alert's first breaches lie before `--since`.
    pub continuing: bool,
    /// The most distinct secrets in any one window.
    pub peak_distinct: i64,
    /// Distinct secrets over the whole alert.
    pub distinct_secrets: i64,
    /// How the count grew: the most distinct secrets in the window, for each of [`COUNTS`] equal
    /// slices of the time from `first_seen` to `last_seen`; 0 where nothing was read. Empty in hunts
    /// of versions that did not keep it.
    #[serde(default)]
    pub counts: Vec<i64>,
    pub requests: i64,
    pub succeeded: i64,
    pub denied: i64,
    pub failed: i64,
    pub unknown: i64,
    pub verbs: Vec<String>,
    pub namespaces: Vec<String>,
    /// `cluster/namespace/name`-like display keys of the distinct secrets, unnamed lists as `verb:...`.
    pub secrets: Vec<String>,
    pub clusters: Vec<String>,
    pub log_types: Vec<String>,
    pub source_ips: Vec<String>,
    pub user_agents: Vec<String>,
    pub request_uris: Vec<String>,
    pub response_codes: Vec<i64>,
    pub resource: String,
    pub cluster_wide_lists: i64,
    pub cluster_wide_lists_succeeded: i64,
    pub namespace_lists: i64,
    pub namespace_lists_succeeded: i64,
    pub tactic: String,
    pub technique: String,
    /// The entries of the allow-list that left the alert without a breach, in the list's order;
    /// empty for an alert to look at.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub silenced_by: Vec<AllowedBy>,
}

impl Alert {
    /// Whether the allow-list left it without a breach.
    pub fn is_silenced(&self) -> bool {
        !self.silenced_by.is_empty()
    }

    /// The users whose requests it is about, in the order it lists them; none stands for records without a username.
    pub fn users(&self) -> Vec<Option<&str>> {
        users(self.username.as_deref(), self.group.as_ref())
    }
}

/// The users of an alert, of its username and its group.
pub fn users<'a>(username: Option<&'a str>, group: Option<&'a Map<String, Value>>) -> Vec<Option<&'a str>> {
    if username.is_some() {
        return vec![username];
    }
    let listed = group.and_then(|group| group.get("usernames")?.as_array());
    let mut users: Vec<Option<&str>> = listed.into_iter().flatten().map(Value::as_str).collect();
    // One user's name would be the alert's own. Hunts of older programs did not list the records without a username.
    if matches!(users.as_slice(), [] | [Some(_)]) {
        users.push(None);
    }
    users
}

/// A username as people see it.
pub fn username(username: Option<&str>) -> &str {
    username.unwrap_or(UNKNOWN_USER)
}

/// Users that are named of many.
const NAMED: usize = 10;

/// The first of some users in words.
pub fn in_words(users: &[Option<&str>]) -> String {
    let named: Vec<&str> = users.iter().take(NAMED).map(|user| username(*user)).collect();
    let more = users.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &more
}

/// An excluded principal, or the nearest miss, with its highest count in any window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub username: Option<String>,
    pub peak_distinct: i64,
    /// When the peak was reached.
    pub at: String,
    /// The principal impersonated somebody.
    pub impersonated: bool,
}

/// What one exclusion of the rule removed from the matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub reason: String,
    pub reads: i64,
    pub principals: i64,
}

/// A user's lists of the secrets of a cluster or of a namespace: one request that returns all of them and counts as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    pub username: Option<String>,
    pub lists: i64,
    pub succeeded: i64,
    pub first_seen: String,
    pub last_seen: String,
}

/// What the answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HuntSummary {
    pub records: i64,
    pub requests: i64,
    pub matches: i64,
    /// Users who made the matches; records without a username are those of one.
    pub users: i64,
    pub first_event: Option<String>,
    pub last_event: Option<String>,
    pub exclusions: Vec<Exclusion>,
    /// Excluded principals that reach the threshold.
    pub excluded_over_threshold: Vec<Principal>,
    /// The user nearest below the threshold who raised no alert.
    pub nearest_miss: Option<Principal>,
    pub cluster_wide_lists: Vec<Exposure>,
    #[serde(default)]
    pub namespace_wide_lists: Vec<Exposure>,
    /// What the rule could see on the days of the hunt; none in a hunt of records alone, or of an
    /// older program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<RuleCoverage>,
    /// Alerts to look at, without the silenced.
    pub alerts: i64,
    /// Alerts that the allow-list silenced.
    #[serde(default)]
    pub silenced: i64,
    /// What became of each entry of the allow-list, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub allow: Vec<AllowUse>,
}

/// The whole answer of one hunt, as `--format json` prints it and as the lake stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HuntReport {
    /// Always `kubetrawl/hunt/1`.
    pub schema: String,
    pub versions: Versions,
    pub parameters: serde_json::Value,
    pub summary: HuntSummary,
    /// The silenced are among them, marked.
    pub alerts: Vec<Alert>,
}

/// The parameters of a hunt that is stored are not what this program knows as such.
#[derive(Debug, thiserror::Error)]
#[error("the hunt's parameters could not be read")]
pub struct ParametersError(#[source] serde_json::Error);

impl HuntReport {
    /// What it hunted with.
    ///
    /// # Errors
    /// When they are not what this program knows as such.
    pub fn hunted_with(&self) -> Result<HuntParameters, ParametersError> {
        HuntParameters::deserialize(&self.parameters).map_err(ParametersError)
    }

    /// The alerts to look at: those that the allow-list did not silence.
    pub fn open(&self) -> impl Iterator<Item = &Alert> + Clone {
        self.alerts.iter().filter(|alert| !alert.is_silenced())
    }

    /// The alerts that the allow-list silenced.
    pub fn silenced(&self) -> impl Iterator<Item = &Alert> + Clone {
        self.alerts.iter().filter(|alert| alert.is_silenced())
    }
}

/// What made the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub kubetrawl: String,
    pub duckdb: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_users_of_an_alert_are_its_own_or_those_it_lists() {
        let of = |username, group: Value| {
            let users = users(username, group.as_object());
            users.into_iter().map(|user| user.unwrap_or("-").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(Some("ann"), Value::Null), ["ann"]);
        assert_eq!(of(Some("ann"), json!({"cluster": "c", "usernames": ["ann"]})), ["ann"]);
        assert_eq!(of(None, json!({"cluster": "c"})), ["-"]);
        assert_eq!(of(None, json!({"cluster": "c", "usernames": []})), ["-"]);
        assert_eq!(of(None, json!({"cluster": "c", "usernames": ["ann", "ben"]})), ["ann", "ben"]);
        assert_eq!(of(None, json!({"cluster": "c", "usernames": ["ann", null]})), ["ann", "-"]);
        assert_eq!(of(None, json!({"cluster": "c", "usernames": ["ann"]})), ["ann", "-"]);
    }
}
