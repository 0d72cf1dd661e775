use super::*;
use crate::detect::Catalog;

fn failures(rule: &Rule) -> Vec<String> {
    let temp = tempfile::tempdir().unwrap();
    let outcomes = run(rule, temp.path(), &Cancel::default()).unwrap();
    assert_eq!(outcomes.len(), rule.tests.len());
    outcomes
        .into_iter()
        .filter_map(|outcome| outcome.failure.map(|failure| format!("{}: {failure}", outcome.name)))
        .collect()
}

#[test]
fn every_rule_passes_its_tests() {
    for rule in Catalog::own().unwrap().rules() {
        assert_eq!(failures(rule), Vec::<String>::new(), "{}", rule.rule_id);
    }
}

#[test]
fn a_test_that_expects_the_wrong_thing_fails() {
    let mut rule = Catalog::own().unwrap().find("Kubernetes.BulkSecretAccess").unwrap().clone();
    rule.tests.retain(|test| test.expected_result.is_some() || test.sequence.is_some());
    for test in &mut rule.tests {
        test.expected_result = test.expected_result.map(|expected| !expected);
        if let Some(sequence) = &mut test.sequence {
            match sequence.alerts.first_mut() {
                Some(alert) => alert.peak_distinct = Some(-1),
                None => sequence.alerts.push(Default::default()),
            }
        }
    }
    assert_eq!(failures(&rule).len(), rule.tests.len());
}
