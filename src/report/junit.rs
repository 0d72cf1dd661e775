//! The outcomes of rules' tests as JUnit's XML, which every CI shows.

use std::io::Write;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::detect::rule_tests::TestOutcome;

/// Writes a suite for each rule and a case for each of its tests.
pub fn write(rules: &[(&str, Vec<TestOutcome>)], out: &mut dyn Write) -> Result<(), SerializeError> {
    let mut report = Report::new("kubetrawl rules test");
    for (rule, outcomes) in rules {
        let mut suite = TestSuite::new(*rule);
        suite.add_test_cases(outcomes.iter().map(|outcome| case(rule, outcome)));
        report.add_test_suite(suite);
    }
    report.serialize(out)
}

fn case(rule: &str, outcome: &TestOutcome) -> TestCase {
    let status = match &outcome.failure {
        None => TestCaseStatus::success(),
        Some(failure) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(failure.as_str());
            status
        }
    };
    let mut case = TestCase::new(outcome.name.as_str(), status);
    case.set_classname(rule).set_time(outcome.time);
    case
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_outcome_is_a_case_and_hostile_names_stay_text() {
        let outcome = |name: &str, failure: Option<&str>| TestOutcome {
            name: name.to_owned(),
            failure: failure.map(str::to_owned),
            time: Duration::from_millis(1_250),
        };
        let outcomes =
            vec![outcome("fires", None), outcome("</testcase>\u{1b}[2J", Some("expected <1> & \"2\""))];
        let mut out = Vec::new();
        write(&[("My.Rule", outcomes)], &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
