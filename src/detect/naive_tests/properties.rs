//! The comparisons.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

use super::history::{self, Case, case, case_over};
use super::{Bench, compare, hunt, naive, rule};
use crate::cancel::Cancel;
use crate::decode::AuditEvent;
use crate::detect::{AllowList, HuntParameters, WindowMode};

/// Few enough for every run of the tests; an upgrade of DuckDB deserves some thousand.
pub fn config() -> Config {
    let histories = std::env::var("KUBETRAWL_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    Config { cases: histories, failure_persistence: None, ..Config::default() }
}

fn agree(case: &Case) -> Result<(), TestCaseError> {
    for bench in [Bench::new(&case.events, 2), Bench::compacted(&case.events, 2)] {
        for parameters in &case.parameters {
            compare(&bench, &case.events, parameters).map_err(TestCaseError::fail)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn all_agree_on_one_user(case in case(0..40, 1)) {
        agree(&case)?;
    }

    #[test]
    fn all_agree_on_many_users(case in case(0..60, 14)) {
        agree(&case)?;
    }

    #[test]
    fn reads_that_are_not_counted_change_no_answer(
        case in (1..5_usize).prop_flat_map(|users| case_over(40, 20..160, users))
    ) {
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let parameters = HuntParameters { window_mode: WindowMode::Sliding, ..parameters.clone() };
            let report = hunt(&bench.engine, &rule(), &parameters, &Cancel::default()).unwrap();
            prop_assert_eq!(report, bench.counted_in_full(&parameters));
        }
    }

    #[test]
    fn no_width_of_buckets_or_portions_changes_an_alert(
        case in case(5..40, 2),
        parts in 1..7_i64,
        times in 1..9_i64,
        portion in 1..20_i64,
    ) {
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let allow = AllowList::default();
            let parameters = HuntParameters { window_mode: WindowMode::Sliding, allow, ..parameters.clone() };
            let expected = bench.alerts(&parameters);
            for bucket in [parameters.window / parts, parameters.window.saturating_mul(times)] {
                prop_assert_eq!(&bench.alerts_in_buckets(&parameters, bucket.max(1), portion), &expected);
            }
        }
    }

    #[test]
    fn neither_order_nor_threads_change_an_alert(
        (case, shuffled) in case(5..60, 6).prop_flat_map(|case| {
            let shuffled = Just(case.events.clone()).prop_shuffle();
            (Just(case), shuffled)
        })
    ) {
        let (one, other) = (Bench::new(&case.events, 1), Bench::new(&shuffled, 4));
        for parameters in &case.parameters {
            let (found, expected) = (other.alerts(parameters), one.alerts(parameters));
            prop_assert_eq!(found, expected);
        }
    }
}

/// The parts of a compaction take such records in another order than they stand in.
#[test]
fn of_equal_stages_the_first_counts_in_a_compacted_lake_too() {
    let events = history::told_twice();
    let parameters = HuntParameters { threshold: 2, ..HuntParameters::of(&rule()) };
    agree(&Case { events, parameters: vec![parameters] }).unwrap();
}

/// Neither side is tested where no history holds what they could differ on.
#[test]
fn histories_hold_requests_that_a_cut_response_answers() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut answered, mut repeated) = (0, 0);
    for _ in 0..50 {
        let events = case(20..40, 2).new_tree(&mut runner).unwrap().current().events;
        for event in events.iter().filter(|event| naive::is_answered(&events, event)) {
            answered += 1;
            // The same request once more, under the same Audit-ID, that the cut response does not answer.
            let told = format!("{event:?}");
            let twin = |other: &AuditEvent<'_>| {
                let (event_time, stage_time) = (event.event_time, event.stage_time);
                other.event_time != event_time
                    && format!("{:?}", AuditEvent { event_time, stage_time, ..other.clone() }) == told
                    && !naive::is_answered(&events, other)
            };
            repeated += usize::from(events.iter().any(twin));
        }
    }
    assert!(answered > 20 && repeated > 2, "{answered} {repeated}");
}

/// Nothing is tested where every read is near an answer, or none is.
#[test]
fn histories_hold_reads_that_are_not_counted() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut fewer, mut misses, mut excluded) = (0, 0, 0);
    for _ in 0..40 {
        let case = case_over(40, 20..160, 6).new_tree(&mut runner).unwrap().current();
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let (all, counted) = bench.narrowed(parameters);
            let summary = bench.counted_in_full(parameters).summary;
            fewer += usize::from(0 < counted && counted < all);
            misses += usize::from(counted < all && summary.nearest_miss.is_some());
            excluded += usize::from(counted < all && !summary.excluded_over_threshold.is_empty());
        }
    }
    assert!(fewer > 20 && misses > 10 && excluded > 2, "{fewer} {misses} {excluded}");
}

/// The reference is worth nothing where it finds nothing.
#[test]
fn histories_give_alerts() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut alerts, mut silenced) = (0, 0);
    for _ in 0..20 {
        let case = case(20..40, 2).new_tree(&mut runner).unwrap().current();
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let found = compare(&bench, &case.events, parameters).unwrap();
            alerts += found.0;
            silenced += found.1;
        }
    }
    assert!(alerts > 20 && silenced > 5, "{alerts}, of them {silenced} silenced");
}
