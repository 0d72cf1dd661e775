//! What `tune` says of thresholds and entries, against a hunt for each.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::history::case;
use super::properties::config;
use super::{Bench, naive, rule};
use crate::cancel::Cancel;
use crate::detect::tune::tune;
use crate::detect::{Alert, AllowEntry, AllowList, HuntParameters};

/// Thresholds beyond it give nothing in histories as short as these.
const HIGHEST: i64 = 9;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_threshold_is_what_a_hunt_gives(case in case(5..60, 3)) {
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let found = tune(&bench.engine, &rule(), parameters, &Cancel::default()).unwrap();
            for at in found.thresholds.iter().filter(|at| at.threshold <= HIGHEST) {
                let parameters = HuntParameters { threshold: at.threshold, ..parameters.clone() };
                let alerts = bench.alerts(&parameters);
                let silenced = alerts.iter().filter(|alert| alert.is_silenced()).count();
                let users = alerts.iter().map(group).collect::<BTreeSet<_>>().len();
                let expected = (alerts.len() as i64, users as i64, silenced as i64);
                prop_assert_eq!((at.alerts, at.users, at.silenced), expected, "at {:?}", parameters);
            }
        }
    }

    #[test]
    fn users_have_the_peaks_and_the_usual_counts_of_the_reference(case in case(5..60, 6)) {
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let found = tune(&bench.engine, &rule(), parameters, &Cancel::default()).unwrap();
            let mut peaks: Vec<(i64, i64, i64)> =
                found.users.iter().map(|u| (u.peak_distinct, u.usual_distinct, u.active_days)).collect();
            peaks.sort_unstable();
            prop_assert_eq!(found.users_counted as usize, peaks.len());
            prop_assert_eq!(peaks, naive::peaks(&case.events, parameters), "with {:?}", parameters);
            for user in &found.users {
                prop_assert!(user.left_distinct <= user.peak_distinct);
            }
        }
    }

    #[test]
    fn each_entry_alone_is_what_a_hunt_with_it_gives(case in case(10..60, 3)) {
        let bench = Bench::new(&case.events, 2);
        for parameters in &case.parameters {
            let found = tune(&bench.engine, &rule(), parameters, &Cancel::default()).unwrap();
            for (entry, line) in parameters.allow.entries.iter().zip(&found.allow) {
                let entries = vec![AllowEntry { expires: None, ..entry.clone() }];
                let allow = AllowList { entries, ..parameters.allow.clone() };
                let parameters = HuntParameters { allow, ..parameters.clone() };
                let silenced = bench.alerts(&parameters).iter().filter(|alert| alert.is_silenced()).count();
                prop_assert_eq!(line.silences_alone, silenced as i64, "with {:?}", parameters);
            }
        }
    }
}

/// Whom an alert is for: the usernames that the evidence of another group column holds don't tell.
fn group(alert: &Alert) -> (Option<String>, String) {
    let columns = alert.group.iter().flatten();
    let by_user = !columns.clone().any(|(name, _)| name == "usernames");
    let others =
        columns.filter(|(name, _)| *name != "usernames").map(|(name, value)| format!("{name}={value};"));
    (alert.username.clone().filter(|_| by_user), others.collect())
}
