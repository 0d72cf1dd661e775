//! The catalog: the rules that stand in `sql/rules`, by the field names of their source.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::sql;

/// Why a rule is refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("{path} is not a rule")]
    Yaml {
        path: String,
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    #[error("no rule is called {name}; `kubetrawl rules list` names them")]
    Unknown { name: String },
}

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
    /// Where its SQL stands in `sql/`, such as `rules/kubernetes.bulk_secret_access`.
    #[serde(skip)]
    pub folder: String,
}

impl Rule {
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

/// All rules, by RuleID.
///
/// # Errors
/// When a rule.yml is not one.
pub fn list() -> Result<Vec<Rule>, RuleError> {
    let mut rules = sql::folders("rules").into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    rules.sort_by(|a, b| a.rule_id.cmp(&b.rule_id));
    Ok(rules)
}

/// One rule by its RuleID, or its folder's name, in any case.
///
/// # Errors
/// When there is no such rule, or a rule.yml is not one.
pub fn find(name: &str) -> Result<Rule, RuleError> {
    let named = |rule: &Rule| {
        rule.rule_id.eq_ignore_ascii_case(name)
            || rule.folder.rsplit('/').next().is_some_and(|folder| folder.eq_ignore_ascii_case(name))
    };
    list()?.into_iter().find(named).ok_or_else(|| RuleError::Unknown { name: name.to_owned() })
}

/// The text of a rule's rule.yml, as it stands.
pub fn text(rule: &Rule) -> &'static str {
    sql::find(&format!("{}/rule.yml", rule.folder)).unwrap_or_default()
}

fn load(folder: &str) -> Result<Rule, RuleError> {
    let path = format!("{folder}/rule.yml");
    let text = sql::find(&path).unwrap_or_default();
    let mut rule: Rule = serde_saphyr::from_str(text)
        .map_err(|source| RuleError::Yaml { path: path.clone(), source: Box::new(source) })?;
    rule.folder = folder.to_owned();
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_holds_the_rule_by_both_names() {
        let rule = find("kubernetes.bulksecretaccess").unwrap();
        assert_eq!(find("kubernetes.bulk_secret_access").unwrap().rule_id, rule.rule_id);
        assert_eq!((rule.threshold, rule.window_minutes, rule.dedup_period_minutes), (15, 30, 30));
        assert_eq!(rule.attack(), ("TA0006", "T1552.007"));
        assert!(rule.log_types.contains(&"Kubernetes.Audit".to_owned()));
    }

    #[test]
    fn an_unknown_rule_is_named() {
        assert!(find("nope").unwrap_err().to_string().contains("nope"));
    }
}
