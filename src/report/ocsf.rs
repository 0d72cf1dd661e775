//! For a SIEM: one Detection Finding of the Open Cybersecurity Schema Framework (OCSF) a line.
//!
//! Facts are those of OCSF 1.5.0: class 2004 of category 2 (Findings), `type_uid` is class times 100
//! plus activity, 1 is Create, `severity_id` 3 is Medium and 4 High, `status_id` 1 is New. Required
//! are `activity_id`, `category_uid`, `class_uid`, `type_uid`, `severity_id`, `time`, `metadata`
//! (`product`, `version`) and `finding_info` (`uid`, `title`); each of `evidences` names at least one of
//! actor, api, src_endpoint and the like, and an `api` its `operation`. Times are milliseconds since
//! 1970-01-01T00:00Z. What has no place in the class is in `unmapped`, whole.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{fields, json, time};
use crate::detect::{Alert, HuntReport, Severity};

/// The version of the schema that the records follow.
pub const VERSION: &str = "1.5.0";

const CLASS: i64 = 2004;
const CREATE: i64 = 1;

/// Elements of one list in a record: collectors cut or refuse records of many megabytes. The
/// counts in `unmapped` say how many there are.
const LISTED: usize = 1000;

pub(super) fn write(report: &HuntReport, out: &mut dyn Write) -> io::Result<()> {
    report.open().try_for_each(|alert| json::write_line(&Finding::of(alert, report), out))
}

#[derive(Serialize)]
struct Finding {
    activity_id: i64,
    activity_name: &'static str,
    category_uid: i64,
    category_name: &'static str,
    class_uid: i64,
    class_name: &'static str,
    type_uid: i64,
    type_name: &'static str,
    severity_id: i64,
    severity: &'static str,
    status_id: i64,
    status: &'static str,
    is_alert: bool,
    /// When the threshold was reached: the same for every run.
    time: Option<i64>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    count: i64,
    message: String,
    metadata: Value,
    finding_info: Value,
    evidences: Vec<Value>,
    resources: Vec<Value>,
    unmapped: Map<String, Value>,
}

impl Finding {
    fn of(alert: &Alert, report: &HuntReport) -> Self {
        let (severity_id, severity) = match alert.severity {
            Severity::High => (4, "High"),
            Severity::Medium => (3, "Medium"),
        };
        Self {
            activity_id: CREATE,
            activity_name: "Create",
            category_uid: CLASS / 1000,
            category_name: "Findings",
            class_uid: CLASS,
            class_name: "Detection Finding",
            type_uid: CLASS * 100 + CREATE,
            type_name: "Detection Finding: Create",
            severity_id,
            severity,
            status_id: 1,
            status: "New",
            is_alert: true,
            time: milliseconds(&alert.crossed_at),
            start_time: milliseconds(&alert.first_seen),
            end_time: milliseconds(&alert.last_seen),
            count: alert.requests,
            message: alert.title.clone(),
            metadata: metadata(alert, report),
            finding_info: finding_info(alert),
            evidences: evidences(alert),
            resources: alert
                .secrets
                .iter()
                .take(LISTED)
                .map(|name| json!({"type": "secret", "name": name}))
                .collect(),
            unmapped: unmapped(alert),
        }
    }
}

fn milliseconds(text: &str) -> Option<i64> {
    time::micros(text).map(|micros| micros.div_euclid(1000))
}

fn metadata(alert: &Alert, report: &HuntReport) -> Value {
    json!({
        "version": VERSION,
        "uid": alert.alert_id,
        "product": {"name": "kubetrawl", "vendor_name": "kubetrawl", "version": report.versions.kubetrawl},
        "log_name": alert.log_types.join(", "),
        "original_time": alert.crossed_at,
    })
}

fn finding_info(alert: &Alert) -> Value {
    json!({
        "uid": alert.alert_id,
        "title": alert.title,
        "types": [alert.rule_id],
        "first_seen_time": milliseconds(&alert.first_seen),
        "last_seen_time": milliseconds(&alert.last_seen),
        "related_events_count": alert.requests,
        // Analytic type 1 is Rule.
        "analytic": {"uid": alert.rule_id, "type_id": 1, "type": "Rule"},
        "attacks": [attack(alert)],
    })
}

/// A technique such as T1552.007 is a sub-technique of what stands before its dot.
fn attack(alert: &Alert) -> Value {
    let mut attack = json!({
        "tactic": {"uid": alert.tactic},
        "technique": {"uid": alert.technique.split('.').next()},
    });
    if alert.technique.contains('.') {
        attack["sub_technique"] = json!({"uid": alert.technique});
    }
    attack
}

/// One for each source address with the user, and one for each verb.
fn evidences(alert: &Alert) -> Vec<Value> {
    let actor = json!({"user": {"name": fields::who(alert)}});
    let mut evidences: Vec<Value> = alert
        .source_ips
        .iter()
        .take(LISTED)
        .map(|ip| json!({"actor": actor, "src_endpoint": {"ip": ip}}))
        .collect();
    if evidences.is_empty() {
        evidences.push(json!({"actor": actor}));
    }
    evidences.extend(
        alert.verbs.iter().map(
            |verb| json!({"actor": actor, "api": {"operation": verb, "service": {"name": "kubernetes"}}}),
        ),
    );
    evidences.extend(
        alert
            .user_agents
            .iter()
            .take(LISTED)
            .map(|agent| json!({"actor": actor, "http_request": {"user_agent": agent}})),
    );
    evidences
}

/// The alert's fields that the class has no place for, lists at most [`LISTED`] long.
fn unmapped(alert: &Alert) -> Map<String, Value> {
    const MAPPED: [&str; 4] = ["title", "secrets", "source_ips", "user_agents"];
    let mut unmapped = Map::new();
    for field in fields::FIELDS.iter().filter(|field| !MAPPED.contains(&field.name)) {
        let value = match field.of(alert) {
            fields::Value::Text(text) => json!(text),
            fields::Value::Other(text) => json!(text),
            fields::Value::Number(n) => json!(n),
            fields::Value::Flag(flag) => json!(flag),
            fields::Value::List(elements) => json!(&elements[..elements.len().min(LISTED)]),
            fields::Value::Numbers(numbers) => json!(&numbers[..numbers.len().min(LISTED)]),
        };
        unmapped.insert(field.name.to_owned(), value);
    }
    if let Some(group) = &alert.group {
        unmapped.insert("group".to_owned(), Value::Object(group.clone()));
    }
    unmapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{escape, sample};

    fn lines(report: &HuntReport) -> Vec<Value> {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.replace('\n', "").chars().any(escape::is_hidden));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn shows_a_finding() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&lines(&sample::report())[0]).unwrap());
    }

    #[test]
    fn has_what_the_class_requires() {
        for finding in lines(&sample::hostile_report()) {
            for name in ["activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time"] {
                assert!(finding[name].is_i64(), "{name}");
            }
            assert_eq!(finding["type_uid"], 200_401);
            assert!(finding["metadata"]["version"].is_string());
            assert!(finding["metadata"]["product"]["name"].is_string());
            assert!(finding["finding_info"]["uid"].is_string());
            for evidence in finding["evidences"].as_array().unwrap() {
                assert!(evidence["actor"]["user"]["name"].is_string());
                assert!(evidence["api"].is_null() || evidence["api"]["operation"].is_string());
            }
        }
    }

    #[test]
    fn values_of_the_log_stay_what_they_are() {
        let report = sample::hostile_report();
        let finding = &lines(&report)[0];
        assert_eq!(finding["unmapped"]["namespaces"], json!(report.alerts[0].namespaces));
        assert_eq!(finding["evidences"][0]["actor"]["user"]["name"], json!(report.alerts[0].username));
    }

    #[test]
    fn a_hundred_thousand_secrets_make_no_record_of_megabytes() {
        let mut report = sample::report();
        report.alerts[0].secrets = (0..100_000).map(|n| format!("prod/payments/secret-{n:06}")).collect();
        let finding = &lines(&report)[0];
        assert_eq!(finding["resources"].as_array().unwrap().len(), LISTED);
        assert_eq!(finding["unmapped"]["distinct_secrets"], 16);
    }
}
