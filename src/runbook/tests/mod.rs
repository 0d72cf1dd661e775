//! Each section of the runbook on small lakes, and the printed form against the bound one.

mod access;
mod activity;
mod printed;
mod shared;

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::cancel::Cancel;
use crate::detect::{Alert, Catalog};
use crate::engine::Engine;
use crate::query::test_lake::{Request, TestLake};
use crate::query::value::read_time;
use crate::report::sample;

const RULE: &str = "Kubernetes.BulkSecretAccess";
const LONG: Duration = Duration::from_secs(60);

/// Eve at noon of the 20th, with a threshold that small histories reach.
fn eve() -> Subject {
    let at = read_time("2026-11-20T12:00:00Z").unwrap();
    let counting = Counting { threshold: 3, ..Counting::default() };
    let user_agents = Some(vec!["kubectl/v1.30".to_owned()]);
    Subject {
        user_agents,
        ..Subject::of_user(RULE, Some("eve".to_owned()), at, counting, Reach::default()).unwrap()
    }
}

fn runbook() -> Runbook {
    Runbook::of(Catalog::own().unwrap().find(RULE).unwrap()).unwrap()
}

fn report(engine: &Engine, subject: &Subject) -> RunbookReport {
    report_by(&mut Readers::new(engine), subject)
}

fn report_by(readers: &mut Readers<'_>, subject: &Subject) -> RunbookReport {
    run(readers, &runbook(), subject, LONG, &Cancel::default()).unwrap()
}

/// The rows of a section as objects.
fn rows_of(report: &RunbookReport, section: &str) -> Vec<Value> {
    let sections = report.steps.iter().flat_map(|step| &step.sections);
    let section = sections.into_iter().find(|s| s.name == section).unwrap_or_else(|| panic!("no {section}"));
    let names: Vec<&str> = section.columns.iter().map(|column| column.name.as_str()).collect();
    let object =
        |row: &Vec<Value>| names.iter().zip(row).map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    section.rows.iter().map(|row| Value::Object(object(row))).collect()
}

fn texts(rows: &[Value], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].as_str().unwrap_or("-").to_owned()).collect()
}

fn run_on(requests: &[Request]) -> RunbookReport {
    let lake = TestLake::new(requests);
    report(&lake.engine(), &eve())
}

fn prod(time: &str, name: &str) -> Request {
    Request { namespace: Some("prod".to_owned()), ..Request::get(time, name) }
}

#[test]
fn the_runbook_has_four_steps_and_its_headers_name_their_columns() {
    let report = run_on(&[]);
    assert_eq!(report.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for planned in runbook().steps.iter().flat_map(|step| &step.sections) {
        let file = &planned.file;
        assert!(!file.meaning.is_empty() && file.title != file.name, "{}", file.name);
        let sections = report.steps.iter().flat_map(|step| &step.sections);
        let section = sections.into_iter().find(|section| section.name == file.name).unwrap();
        for (column, _) in &file.columns {
            assert!(section.columns.iter().any(|c| c.name == *column), "{} has no {column}", file.name);
        }
        for parameter in &file.parameters {
            assert!(eve().parameters().contains_key(&parameter.name), "{}: {}", file.name, parameter.name);
        }
        assert!(file.sql.contains("\nORDER BY "), "{}", file.name);
    }
    let mut without = Catalog::own().unwrap().find(RULE).unwrap().clone();
    without.files.retain(|name, _| !name.starts_with("runbook/"));
    assert!(matches!(Runbook::of(&without), Err(RunbookError::NoRunbook { .. })));
    assert!(runbook().only(Some(9)).unwrap_err().to_string().contains("1 to 4"));
    assert_eq!(runbook().only(Some(2)).unwrap().steps.len(), 1);
}

#[test]
fn an_alert_gives_a_subject_for_each_of_its_users_and_for_no_other() {
    let of = |alert: &Alert, user: Option<&str>| {
        Subject::of_alert(alert, user, Counting::default(), Reach::default())
    };
    let alone = sample::alert("alice");
    assert_eq!(of(&alone, Some("alice")).unwrap().title, alone.title);
    let several = sample::alert_of(13);
    let subject = of(&several, Some("user 012")).unwrap();
    assert_eq!(subject.title, format!("{}, user [user 012]", several.title));
    assert_eq!(
        (subject.username.as_deref(), subject.user_agents),
        (Some("user 012"), Some(several.user_agents.clone()))
    );
    assert_eq!(of(&several, None).unwrap().username, None);
    let told = of(&several, Some("alice")).unwrap_err().to_string();
    assert!(
        told.contains("not of the user alice, but of user 001, ") && told.ends_with(" and 3 more"),
        "{told}"
    );
}

#[test]
fn spans_reach_around_the_alert_and_back() {
    let spans = eve().spans;
    assert_eq!(spans.around_from, "2026-11-20T11:30:00.000000Z");
    assert_eq!(spans.around_to, "2026-11-20T12:30:00.000000Z");
    assert_eq!(spans.past_from, "2026-11-19T12:00:00.000000Z");
    assert_eq!(spans.past_to, "2026-11-20T12:30:00.000000Z");
    let reach = Reach { around: Duration::from_secs(u64::MAX), past: Duration::ZERO };
    let at = read_time("2026-11-20T12:00:00Z").unwrap();
    assert!(Subject::of_user(RULE, None, at, Counting::default(), reach).is_err());
}
