//! One log in every container: the same alerts, and the same rows but for what a container lacks by its nature.
//!
//! A cloud's own form is compared with the API server's, and everything else with the form of the same source.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Row, alerts, rows};
use crate::support::World;

/// A container, and how its rows differ from those of the same events in another one.
struct Form {
    format: &'static str,
    like: &'static str,
    /// Rows that it doesn't have.
    missing: fn(&Row) -> bool,
    /// Columns that it has nothing of.
    absent: &'static [&'static str],
    /// Columns that it has more, less or something else of.
    other: &'static [&'static str],
}

const fn form(
    format: &'static str,
    like: &'static str,
    absent: &'static [&'static str],
    other: &'static [&'static str],
) -> Form {
    Form { format, like, missing: none, absent, other }
}

/// Where the container says which cluster it is from.
const EKS_STREAM: &[&str] = &["account", "cluster", "log_stream"];

const FORMS: &[Form] = &[
    form("event-list", "kube-apiserver", &[], &[]),
    form("fluent-bit", "kube-apiserver", &[], &[]),
    form("fluent-bit-parsed", "kube-apiserver", &[], &[]),
    form("fluentd", "kube-apiserver", &[], &[]),
    form("fluentd-parsed", "kube-apiserver", &[], &[]),
    form("filebeat", "kube-apiserver", &[], &[]),
    form("viaq", "kube-apiserver", &[], &[]),
    form("flattened", "kube-apiserver", &[], &[]),
    form("otlp", "kube-apiserver", &[], &["cluster"]),
    form("splunk-csv", "kube-apiserver", &[], &[]),
    form("splunk-json", "kube-apiserver", &[], &[]),
    form("splunk-results", "kube-apiserver", &[], &[]),
    form("elasticsearch-search", "kube-apiserver", &[], &[]),
    form("elasticdump", "kube-apiserver", &[], &[]),
    form("kibana-csv", "kube-apiserver", &[], &[]),
    form("loki-query", "kube-apiserver", &[], &["cluster"]),
    form("logcli", "kube-apiserver", &[], &["cluster"]),
    form("logcli-json", "kube-apiserver", &[], &["cluster"]),
    form("cri", "kube-apiserver", &[], &[]),
    form("syslog", "kube-apiserver", &[], &[]),
    form("oc-node-logs", "kube-apiserver", &[], &[]),
    form("tar", "kube-apiserver", &[], &[]),
    form("tar-gz", "kube-apiserver", &[], &[]),
    form("zip", "kube-apiserver", &[], &[]),
    form("xz", "kube-apiserver", &[], &[]),
    form("bz2", "kube-apiserver", &[], &[]),
    form("lz4", "kube-apiserver", &[], &[]),
    Form {
        missing: omitted_by_eks,
        ..form("eks-cloudwatch-export", "kube-apiserver", &[], &["log_type", "user_extra"])
    },
    form("eks-firehose", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-lambda", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-kinesis", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-filter-log-events", "eks-cloudwatch-export", &[], &["log_stream"]),
    form("eks-get-log-events", "eks-cloudwatch-export", &[], &[]),
    form("eks-insights-json", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-insights-csv", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-console-csv", "eks-cloudwatch-export", &[], &[]),
    form("eks-athena-csv", "eks-cloudwatch-export", &[], EKS_STREAM),
    form("eks-sentinel", "eks-cloudwatch-export", &[], &["account", "cluster", "region"]),
    form("panther", "eks-cloudwatch-export", &[], &["cluster"]),
    form(
        "eks-security-lake",
        "eks-cloudwatch-export",
        &["request_object", "response_object"],
        // The region and the caller's account are there; of a status and of user_extra, only what OCSF has a place for.
        &["account", "redacted", "region", "response_status", "user_extra"],
    ),
    form("eks-security-lake-parquet", "eks-security-lake", &[], &[]),
    form(
        "aks-storage",
        "kube-apiserver",
        &[],
        &["account", "cluster", "log_stream", "log_type", "user_extra"],
    ),
    form("aks-event-hub", "aks-storage", &[], &[]),
    form("aks-event-hub-capture", "aks-storage", &[], &[]),
    form("aks-diagnostics-json", "aks-storage", &[], &[]),
    form("aks-diagnostics-csv", "aks-storage", &[], &[]),
    form("aks-audit-json", "aks-storage", IMPERSONATION, &["log_stream"]),
    form("aks-audit-rest", "aks-storage", IMPERSONATION, &["log_stream"]),
    form("aks-audit-csv", "aks-storage", IMPERSONATION, &["log_stream"]),
    Form { missing: reads, ..form("aks-audit-admin", "aks-storage", &[], &["log_stream"]) },
    Form {
        missing: received,
        ..form(
            "gke-log-entries",
            "kube-apiserver",
            &[
                "impersonated_groups",
                "impersonated_username",
                "level",
                "response_reason",
                "stage_time",
                "user_extra",
                "user_groups",
                "user_uid",
            ],
            // The URI's query is lost; a status is gRPC's; bodies have a type in front.
            &[
                "account",
                "cluster",
                "event_time_source",
                "log_stream",
                "log_type",
                "record_id",
                "region",
                "request_object",
                "request_uri",
                "response_code",
                "response_object",
                "response_status",
            ],
        )
    },
    form("gke-yaml", "gke-log-entries", &[], &[]),
    form("gke-pubsub", "gke-log-entries", &[], &[]),
    form("gke-bigquery", "gke-log-entries", &[], &["response_status"]),
    form("gke-sentinel", "gke-log-entries", &[], &[]),
    form("gke-flattened", "gke-log-entries", &[], &[]),
];

const IMPERSONATION: &[&str] = &["impersonated_groups", "impersonated_username"];

fn none(_: &Row) -> bool {
    false
}

/// EKS' policy logs these requests once.
fn omitted_by_eks(row: &Row) -> bool {
    let once =
        row["resource"] == "secrets" || row["resource"] == "configmaps" || row["subresource"] == "token";
    row["stage"] == "RequestReceived" && once
}

/// AKSAuditAdmin has only what changes something.
fn reads(row: &Row) -> bool {
    ["get", "list", "watch"].iter().any(|verb| row["verb"] == *verb)
}

/// Cloud Logging has an entry when a request is through.
fn received(row: &Row) -> bool {
    row["stage"] == "RequestReceived"
}

struct Answer {
    rows: BTreeMap<(String, String), Row>,
    alerts: Vec<Value>,
}

fn answer(world: &World, format: &str) -> Answer {
    let (logs, lake) = (format!("{format}-logs"), format!("{format}-lake"));
    world.simulate(&logs, &["--seed", "7", "--records", "4000", "--days", "1", "--format", format]);
    world.run(&["ingest", &logs, "--lake", &lake, "--strict"]).expect_code(0);
    Answer { rows: rows(world, &lake), alerts: alerts(world, &lake) }
}

/// The columns in which rows differ, and those of them that are null in all rows of `found`.
fn differing(found: &Answer, reference: &Answer) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut differing = BTreeSet::new();
    let mut filled = BTreeSet::new();
    for (key, row) in &found.rows {
        for (column, value) in row {
            if !value.is_null() {
                filled.insert(column.clone());
            }
            if reference.rows[key][column] != *value {
                differing.insert(column.clone());
            }
        }
    }
    let absent = differing.difference(&filled).cloned().collect();
    (differing.intersection(&filled).cloned().collect(), absent)
}

#[test]
fn every_container_gives_the_same_rows_but_for_what_it_lacks_by_its_nature() {
    let world = World::new();
    let mut answers = BTreeMap::from([("kube-apiserver", answer(&world, "kube-apiserver"))]);
    let first = answers["kube-apiserver"].alerts.clone();
    assert!(first.len() >= 5, "{first:?}");
    for form in FORMS {
        let found = answer(&world, form.format);
        let reference = &answers[form.like];
        let expected = reference.rows.iter().filter(|(_, row)| !(form.missing)(row)).map(|(key, _)| key);
        assert!(found.rows.keys().eq(expected), "{}: other rows than in {}", form.format, form.like);
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
        let columns = (names(form.other), names(form.absent));
        assert_eq!(differing(&found, reference), columns, "{} against {}", form.format, form.like);
        if form.format != "aks-audit-admin" {
            assert_eq!(found.alerts, first, "{}", form.format);
        }
        answers.insert(form.format, found);
    }
}

#[test]
fn every_format_of_the_simulator_is_compared() {
    let world = World::new();
    let help = world.run(&["simulate", "--help"]).expect_code(0).stdout;
    let (_, values) = help.split_once("[possible values: ").expect("values");
    let (values, _) = values.split_once(']').expect("an end");
    let formats: BTreeSet<&str> = values.split([',', ' ', '\n']).filter(|name| !name.is_empty()).collect();
    let compared = FORMS.iter().map(|form| form.format).chain(["kube-apiserver"]).collect();
    assert_eq!(formats, compared);
}
