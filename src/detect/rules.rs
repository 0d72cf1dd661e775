//! A rule: its metadata and tests, by the field names of their source, and its SQL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One rule: its metadata and tests. Fields are described where they are not plain.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    pub analysis_type: String,
    #[serde(rename = "RuleID")]
    pub rule_id: String,
    pub display_name: String,
    pub status: String,
    pub enabled: bool,
    pub severity: String,
    pub dedup_period_minutes: i64,
    /// Distinct secrets in one window that make a breach.
    pub threshold: i64,
    pub window_minutes: i64,
    /// The values of log_type that the rule is for.
    pub log_types: Vec<String>,
    pub tags: Vec<String>,
    pub description: String,
    /// By framework: `MITRE ATT&CK: [TA0006:T1552.007]`.
    pub reports: BTreeMap<String, Vec<String>>,
    pub runbook: String,
    pub tests: Vec<RuleTest>,
    /// Whether what it counts are reads of secrets, so that logs without any leave it blind.
    #[serde(default = "yes")]
    pub reads_secrets: bool,
    /// Where it stands: `rules/kubernetes.bulk_secret_access` in `sql/`, else a folder of the user's.
    #[serde(skip)]
    pub folder: String,
    /// Whether it comes with the program.
    #[serde(skip)]
    pub own: bool,
    /// Its files by their names within the folder, such as `runbook/1_1_secrets.sql`.
    #[serde(skip)]
    pub files: BTreeMap<String, Cow<'static, str>>,
}

fn yes() -> bool {
    true
}

impl Rule {
    /// The text of one of its files, without the semicolon that ends its statement.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|text| crate::sql::statement(text))
    }

    /// The folder's name, which `--rule` takes too.
    pub fn name(&self) -> &str {
        self.folder.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(&self.rule_id)
    }

    /// The title of its alert for a group of this name: the rule's own name is that of an alert by a user.
    pub fn title(&self, group: &str) -> String {
        let name = self.display_name.trim();
        format!("{} by [{group}]", name.strip_suffix(" by a User").unwrap_or(name))
    }

    /// The MITRE ATT&CK tactic and technique of the first report; empty where there is none.
    pub fn attack(&self) -> (&str, &str) {
        let report = self.reports.get("MITRE ATT&CK").and_then(|reports| reports.first());
        report.and_then(|report| report.split_once(':')).unwrap_or(("", ""))
    }
}

/// A test of a rule: one record, or a sequence of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RuleTest {
    pub name: String,
    /// Whether the record matches the rule; for one record alone.
    pub expected_result: Option<bool>,
    /// What the record counts as, by `--secret-key`; null for nothing.
    pub expected_key: Option<BTreeMap<String, Option<String>>>,
    pub log: Option<Value>,
    pub sequence: Option<Sequence>,
}

/// Records at relative times, and the alerts they give.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Sequence {
    /// What every step's Log is laid over.
    pub log: Value,
    pub steps: Vec<Step>,
    /// Parameters that differ from the rule's.
    #[serde(default)]
    pub parameters: Parameters,
    pub alerts: Vec<Expected>,
}

/// One or more records of a sequence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The time of the first, from the beginning of the sequence: `29m59s`, `30m1us`.
    pub at: String,
    /// How many; `{n}` in strings is the number within the sequence's step, from `from`.
    #[serde(default = "one")]
    pub repeat: i64,
    /// The time from one to the next.
    #[serde(default)]
    pub every: Option<String>,
    #[serde(default)]
    pub from: i64,
    #[serde(default, rename = "Log")]
    pub log: Option<Value>,
}

fn one() -> i64 {
    1
}

/// Parameters of a hunt that a sequence can set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    pub by: Option<Vec<super::GroupColumn>>,
    pub secret_key: Option<super::SecretKey>,
    pub include_system: bool,
    pub threshold: Option<i64>,
    /// From the beginning of the sequence.
    pub since: Option<String>,
    pub until: Option<String>,
}

/// An alert that a sequence gives. What is not stated is not compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    pub username: Option<String>,
    pub severity: Option<super::Severity>,
    /// From the beginning of the sequence, as `at`.
    pub crossed_at: Option<String>,
    pub peak_distinct: Option<i64>,
    pub distinct_secrets: Option<i64>,
    pub requests: Option<i64>,
    pub unknown: Option<i64>,
    pub continuing: Option<bool>,
}
