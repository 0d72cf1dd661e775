//! Evidence for the tests of the long faces.

use serde_json::{Value, json};

use super::evidence::{
    AlertSeries, AnswerShare, Evidence, EvidenceError, EvidenceSource, Grounds, NamespaceShare, Part,
    RowSink, Section, SeriesPoint, Step, UserRunbook,
};
use super::followed::Followed;
use super::time;
use crate::detect::Alert;
use crate::lake::Accounting;

/// Evidence that fits the alerts of the sample.
pub struct Source;

/// Evidence whose every value would do harm if it were obeyed.
pub struct HostileSource;

/// Sections of so many rows, made when they are asked for.
pub struct LargeSource {
    pub rows: usize,
    pub asked: usize,
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn section(name: &str, title: &str, names: &[&str], rows: Vec<Vec<Value>>) -> Section {
    Section {
        name: name.into(),
        title: title.into(),
        question: "What does this say?".into(),
        sql: "SELECT *\nFROM requests\nWHERE username = 'alice' AND response_code < 400".into(),
        columns: columns(names),
        found: rows.len(),
        rows,
    }
}

/// A row for each secret, as the whole hunt's table has them.
fn rotation(value: &str, user: &str, secrets: usize, part: RowSink<'_>) -> Result<(), EvidenceError> {
    part(Part::Columns(&columns(&["cluster", "namespace", "secret", "how", "readers", "usernames"])))?;
    for n in 0..secrets {
        let how = if n % 3 == 0 { "listed with the whole cluster" } else { "read" };
        let namespace = if n % 2 == 0 { value } else { "payments" };
        let secret = format!("{value}-{n:02}");
        let users = json!([user]);
        part(Part::Row(&["prod-1".into(), namespace.into(), secret.into(), how.into(), 1.into(), users]))?;
    }
    Ok(())
}

fn lists(user: &str, part: RowSink<'_>) -> Result<(), EvidenceError> {
    part(Part::Columns(&columns(&["cluster", "scope", "namespace", "lists", "usernames"])))?;
    Ok(part(Part::Row(&["prod-1".into(), "cluster".into(), Value::Null, 2.into(), json!([user])]))?)
}

/// A section of an alert's runbook, row by row.
fn section_rows(evidence: &Evidence, name: &str, part: RowSink<'_>) -> Result<(), EvidenceError> {
    let Some(section) = evidence.runbooks[0].section(name) else { return Ok(()) };
    part(Part::Columns(&section.columns))?;
    Ok(section.rows.iter().try_for_each(|cells| part(Part::Row(cells)))?)
}

/// The count rises to 16 in half an hour, and one point stands for each read.
fn series(alert: &Alert) -> AlertSeries {
    let start = time::micros(&alert.first_seen).unwrap_or(0);
    let minute = 60_000_000;
    let point = |n: i64| SeriesPoint {
        event_time: start + n * minute * 11 / 10 + (n % 3) * 17_000_000,
        distinct_secrets: if n < 20 { (n * 4 / 5 + 1).min(16) } else { 36 - n },
    };
    AlertSeries { threshold: 15, window: 30 * minute, points: (0..27).map(point).collect() }
}

fn steps(value: &str) -> Vec<Step> {
    let time = "2026-11-20T08:02:11.000000Z";
    let secret = |n: usize| {
        vec![
            "prod-1".into(),
            if n < 12 { "payments".into() } else { Value::Null },
            format!("{value}-{n:02}").into(),
            json!(["get", "list"]),
            time.into(),
            time.into(),
            (n * 700).into(),
            1.into(),
        ]
    };
    let names =
        ["cluster", "namespace", "secret", "verbs", "first_seen", "last_seen", "requests", "succeeded"];
    vec![
        Step {
            number: 1,
            title: "All secret access around the alert".into(),
            sections: vec![
                section("1_1_secrets", "Secrets by the user", &names, (0..16).map(secret).collect()),
                section("1_3_other_agents", "Secrets with other user agents", &["user_agent"], Vec::new()),
            ],
        },
        Step {
            number: 2,
            title: "Whether there is a legitimate reason".into(),
            sections: vec![section(
                "2_7_signs",
                "Signs for and against",
                &["points_to", "sign", "number", "out_of"],
                vec![
                    vec!["attack".into(), "secrets never read before".into(), 14.into(), 16.into()],
                    vec!["routine".into(), "user agent known from before".into(), 1.into(), Value::Null],
                    vec![Value::Null, value.into(), 3.into(), Value::Null],
                ],
            )],
        },
        Step {
            number: 3,
            title: "Other suspicious activity in the past 24 hours".into(),
            sections: vec![section(
                "3_7_timeline",
                "One timeline",
                &["first_seen", "before_crossing", "technique", "activity", "first_object", "user_agent"],
                vec![
                    vec![
                        time.into(),
                        true.into(),
                        "T1078".into(),
                        "impersonates".into(),
                        value.into(),
                        value.into(),
                    ],
                    vec![
                        time.into(),
                        false.into(),
                        Value::Null,
                        "reads secrets".into(),
                        value.into(),
                        value.into(),
                    ],
                ],
            )],
        },
        Step {
            number: 4,
            title: "What must be rotated".into(),
            sections: vec![section(
                "4_1_rotate",
                "Secrets to rotate",
                &["cluster", "namespace", "secret", "how"],
                (0..4)
                    .map(|n| {
                        vec![
                            "prod-1".into(),
                            "payments".into(),
                            format!("{value}-{n:02}").into(),
                            "read".into(),
                        ]
                    })
                    .collect(),
            )],
        },
    ]
}

fn evidence(alert: &Alert, value: &str) -> Evidence {
    let share = |namespace: Option<&str>, secrets| NamespaceShare {
        cluster: Some("prod-1".into()),
        namespace: namespace.map(str::to_owned),
        secrets,
        requests: secrets * 60,
    };
    let answer =
        |outcome: &str, requests| AnswerShare { verb: "get".into(), outcome: outcome.into(), requests };
    let followed = Followed::of(alert);
    let runbook =
        |user: &Option<&str>| UserRunbook { username: user.map(str::to_owned), steps: steps(value) };
    Evidence {
        series: Some(series(alert)),
        namespaces: vec![share(Some("payments"), 14), share(Some(value), 2), share(None, 1)],
        answers: vec![answer("success", 1015), answer("denied", 3)],
        runbooks: followed.users().iter().map(runbook).collect(),
        left_out: followed.left_out(),
    }
}

/// The same request, so many times.
fn requests(alert: &Alert, value: &str, times: usize, part: RowSink<'_>) -> Result<(), EvidenceError> {
    part(Part::Columns(&columns(&["event_time", "verb", "request_uri", "user_agent", "response_code"])))?;
    let row = [alert.first_seen.clone().into(), "get".into(), value.into(), value.into(), 200.into()];
    Ok((0..times).try_for_each(|_| part(Part::Row(&row)))?)
}

impl EvidenceSource for Source {
    fn evidence(&mut self, alert: &Alert, _: usize) -> Result<Evidence, EvidenceError> {
        Ok(evidence(alert, "db"))
    }

    fn section(
        &mut self,
        alert: &Alert,
        _: Option<&str>,
        name: &str,
        part: RowSink<'_>,
    ) -> Result<(), EvidenceError> {
        section_rows(&evidence(alert, "db"), name, part)
    }

    fn requests(&mut self, alert: &Alert, part: RowSink<'_>) -> Result<(), EvidenceError> {
        requests(alert, "/api/v1/namespaces/payments/secrets/db-01", 1, part)
    }

    fn rotation(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        rotation("db", "alice", 5, part)
    }

    fn lists(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        lists("alice", part)
    }
}

pub const HOSTILE: &str = "=HYPERLINK(\"http://example.com\")</script><img src=x onerror=alert(1)>\u{1b}[2J\u{202e}|`@team`👩\u{200d}💻";

impl EvidenceSource for HostileSource {
    fn evidence(&mut self, alert: &Alert, _: usize) -> Result<Evidence, EvidenceError> {
        let mut evidence = evidence(alert, HOSTILE);
        let steps = evidence.runbooks.iter_mut().flat_map(|runbook| &mut runbook.steps);
        for section in steps.flat_map(|step| &mut step.sections) {
            section.sql = format!("SELECT '{HOSTILE}'\n-- {HOSTILE}");
        }
        Ok(evidence)
    }

    fn section(
        &mut self,
        alert: &Alert,
        _: Option<&str>,
        name: &str,
        part: RowSink<'_>,
    ) -> Result<(), EvidenceError> {
        section_rows(&evidence(alert, HOSTILE), name, part)
    }

    fn requests(&mut self, alert: &Alert, part: RowSink<'_>) -> Result<(), EvidenceError> {
        requests(alert, HOSTILE, 1, part)
    }

    fn rotation(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        rotation(HOSTILE, HOSTILE, 5, part)
    }

    fn lists(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        lists(HOSTILE, part)
    }
}

impl EvidenceSource for LargeSource {
    fn evidence(&mut self, alert: &Alert, rows: usize) -> Result<Evidence, EvidenceError> {
        self.asked += 1;
        let mut evidence = evidence(alert, "db");
        let section = &mut evidence.runbooks[0].steps[0].sections[0];
        section.rows = vec![section.rows[0].clone(); self.rows.min(rows)];
        section.found = self.rows;
        Ok(evidence)
    }

    fn section(
        &mut self,
        alert: &Alert,
        _: Option<&str>,
        name: &str,
        part: RowSink<'_>,
    ) -> Result<(), EvidenceError> {
        let evidence = evidence(alert, "db");
        let Some(section) = evidence.runbooks[0].section(name) else { return Ok(()) };
        part(Part::Columns(&section.columns))?;
        Ok((0..self.rows).try_for_each(|_| part(Part::Row(&section.rows[0])))?)
    }

    fn requests(&mut self, alert: &Alert, part: RowSink<'_>) -> Result<(), EvidenceError> {
        requests(alert, "/api", self.rows, part)
    }

    fn rotation(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        rotation("db", "alice", self.rows, part)
    }

    fn lists(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        lists("alice", part)
    }
}

pub fn grounds() -> Grounds {
    Grounds {
        accounting: Some(Accounting {
            commits: 2,
            sources: 31,
            records: 1_204_600,
            rows: 1_204_551,
            duplicates: 31,
            rejects: [("invalid_json".into(), 7), ("no_time".into(), 1)].into(),
            other: [("klog".into(), 10)].into(),
        }),
        coverage: vec![section(
            "hours",
            "Hours without any record",
            &["cluster", "from", "hours"],
            vec![vec!["prod-1".into(), "2026-11-04T03:00:00.000000Z".into(), 2.into()]],
        )],
    }
}
