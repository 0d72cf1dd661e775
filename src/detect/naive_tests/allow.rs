//! Which entries of an allow-list take a read out, by a matcher of its own; and lists to try.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::decode::AuditEvent;
use crate::detect::{AllowEntry, AllowField, AllowList};

/// The day on which the lists of the tests are judged.
const TODAY: &str = "2026-11-22";

/// Lists of up to three entries, in force and expired; often none.
pub fn lists() -> impl Strategy<Value = AllowList> {
    prop_oneof![Just(Vec::new()), vec(entry(), 1..4)].prop_map(|entries| {
        let entry = |(number, entry)| AllowEntry { entry: format!("{number}"), ..entry };
        let entries = (0..).zip(entries).map(|(number, e): (usize, AllowEntry)| entry((number, e))).collect();
        AllowList { today: TODAY.to_owned(), entries }
    })
}

fn entry() -> impl Strategy<Value = AllowEntry> {
    let expires = weighted(0.3, select(&["2026-11-21", TODAY, "2027-01-01"][..]));
    (subsequence(AllowField::ALL.to_vec(), 1..3), vec(0..64_usize, 12), expires).prop_map(
        |(fields, numbers, expires)| {
            let mut numbers = numbers.into_iter();
            let mut pick = |choices: &[&str]| choices[numbers.next().unwrap() % choices.len()].to_owned();
            let patterns: BTreeMap<AllowField, Vec<String>> = fields
                .into_iter()
                .map(|field| {
                    let choices = choices(field);
                    (field, vec![pick(choices), pick(choices)])
                })
                .collect();
            let (reason, owner) = ("known".to_owned(), "ops".to_owned());
            AllowEntry { entry: String::new(), reason, owner, expires: expires.map(str::to_owned), patterns }
        },
    )
}

fn choices(field: AllowField) -> &'static [&'static str] {
    match field {
        AllowField::Username => &["eve", "*", "system:*", "mall*", "nobody"],
        AllowField::Namespace => &["prod", "d*", "*"],
        AllowField::Secret => &["a", "b", "c", "*"],
        AllowField::UserAgent => &["kube*", "curl"],
        AllowField::Cluster => &["one", "t*"],
        AllowField::SourceIp => &["10.0.0.1", "10.0.0.0/31", "10.0.0.2/32", "10.*"],
    }
}

/// The entries in force that match a read.
pub fn taken_by(event: &AuditEvent<'_>, list: &AllowList) -> Vec<usize> {
    let value = |field: AllowField| match field {
        AllowField::Username => event.username.as_deref(),
        AllowField::Namespace => event.namespace.as_deref(),
        AllowField::Secret => event.name.as_deref(),
        AllowField::UserAgent => event.user_agent.as_deref(),
        AllowField::Cluster => event.cluster.as_deref(),
        AllowField::SourceIp => event.source_ips.last().map(|address| &**address),
    };
    let matches = |entry: &AllowEntry| {
        entry.patterns.iter().all(|(field, patterns)| {
            value(*field).is_some_and(|value| patterns.iter().any(|pattern| is_like(value, pattern)))
        })
    };
    let in_force = |entry: &AllowEntry| entry.expires.as_deref().is_none_or(|last_day| last_day >= TODAY);
    list.entries
        .iter()
        .enumerate()
        .filter(|(_, e)| in_force(e) && matches(e))
        .map(|(number, _)| number)
        .collect()
}

/// The few kinds of pattern that the lists hold: text, text and a star, and networks of IPv4.
fn is_like(value: &str, pattern: &str) -> bool {
    if let Some((network, bits)) = pattern.split_once('/') {
        let mask = u32::MAX << (32 - bits.parse::<u32>().unwrap());
        return number(value) & mask == number(network) & mask;
    }
    match pattern.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == pattern,
    }
}

fn number(address: &str) -> u32 {
    address.split('.').fold(0, |number, part| number << 8 | part.parse::<u32>().unwrap())
}
