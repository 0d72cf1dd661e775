//! Whether a rule could have fired at all: what the logs of a lake leave it blind to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rules::Rule;
use crate::lake::LakeCoverage;
use crate::lake::coverage::{DayCoverage, StreamCounts};

/// With so many records, a cluster in which nobody at all reads a secret does not log such reads:
/// controllers and kubelets do little else.
const TELLING: u64 = 10_000;

/// The log type of AKS, and the category of it that has no get and no list.
const AKS: (&str, &str) = ("Azure.MonitorActivity", "kube-audit-admin");

/// The log type of GKE, and the log that reads are in; it is off unless it was switched on.
const GKE: (&str, &str) = ("GCP.AuditLog", "data_access");

/// What a rule can see of what it looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    CanFire,
    MayMiss,
    CannotFire,
}

/// What one rule can see, and why not more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCoverage {
    pub rule_id: String,
    pub verdict: Verdict,
    /// By cluster and log type; none where it can fire.
    pub reasons: Vec<Reason>,
}

/// What is wrong in one cluster, or in the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub cluster: Option<String>,
    /// Null where no record says it.
    pub log_type: Option<String>,
    /// What the rule can see there.
    pub verdict: Verdict,
    pub reason: Blindness,
    /// Days, records or gaps, as the reason has it.
    pub count: u64,
    /// The minutes of gaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u64>,
}

/// What leaves a rule blind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blindness {
    /// There is no record of the rule's log types.
    NoRecords,
    /// So many days have records of AKS' kube-audit-admin alone.
    AdminOnly,
    /// So many days have records of GKE, and none of data_access.
    NoDataAccess,
    /// Nobody reads a secret in so many records.
    NoSecretReads,
    /// So many records were cut.
    Cut,
    /// So many gaps.
    Gaps,
    /// So many records could not be read.
    Rejects,
}

/// What a rule can see in what a lake covers.
pub fn of_rule(rule: &Rule, coverage: &LakeCoverage) -> RuleCoverage {
    let mut places: BTreeMap<(&Option<String>, &str), Place<'_>> = BTreeMap::new();
    let mut unplaced = 0;
    for day in &coverage.days {
        match day.stream.log_type.as_deref() {
            None => unplaced += day.rejects,
            Some(log_type) if rule.log_types.iter().any(|known| known == log_type) => {
                places.entry((&day.stream.cluster, log_type)).or_default().add(day);
            }
            Some(_) => {}
        }
    }
    let mut reasons = Vec::new();
    let (mut seen, mut blind) = (0, 0);
    for ((cluster, log_type), place) in places.iter().filter(|(_, place)| place.counts.records > 0) {
        let gaps = coverage.gaps.iter().filter(|gap| gap.cluster == **cluster);
        let gaps = gaps.fold((0, 0), |(count, minutes), gap| (count + 1, minutes + gap.minutes()));
        let found = place.reasons(log_type, rule.reads_secrets, gaps);
        seen += 1;
        blind += usize::from(found.iter().any(|(verdict, ..)| *verdict == Verdict::CannotFire));
        reasons.extend(found.into_iter().map(|(verdict, reason, count, minutes)| Reason {
            cluster: (*cluster).clone(),
            log_type: Some((*log_type).to_owned()),
            verdict,
            reason,
            count,
            minutes,
        }));
    }
    let of_lake = |verdict, reason, count| Reason {
        cluster: None,
        log_type: None,
        verdict,
        reason,
        count,
        minutes: None,
    };
    if seen == 0 {
        reasons.push(of_lake(Verdict::CannotFire, Blindness::NoRecords, 0));
    }
    if unplaced > 0 {
        reasons.push(of_lake(Verdict::MayMiss, Blindness::Rejects, unplaced));
    }
    let verdict = match (blind == seen, reasons.is_empty()) {
        (true, _) => Verdict::CannotFire,
        (false, true) => Verdict::CanFire,
        (false, false) => Verdict::MayMiss,
    };
    RuleCoverage { rule_id: rule.rule_id.clone(), verdict, reasons }
}

/// One log type of one cluster.
#[derive(Default)]
struct Place<'a> {
    counts: StreamCounts,
    rejects: u64,
    /// The streams of each day.
    days: BTreeMap<&'a str, BTreeSet<Option<&'a str>>>,
}

type Found = (Verdict, Blindness, u64, Option<u64>);

impl<'a> Place<'a> {
    fn add(&mut self, day: &'a DayCoverage) {
        self.counts.add(&day.counts);
        self.rejects += day.rejects;
        if let (Some(date), true) = (day.event_date.as_deref(), day.counts.records > 0) {
            self.days.entry(date).or_default().insert(day.stream.log_stream.as_deref());
        }
    }

    /// A place where the rule cannot fire has no other reasons: what it misses there is everything.
    fn reasons(&self, log_type: &str, reads_secrets: bool, (gaps, minutes): (u64, u64)) -> Vec<Found> {
        let mut found = Vec::new();
        if reads_secrets {
            if let Some((reason, days)) = self.without_reads(log_type) {
                let all = days == self.days.len();
                let verdict = if all { Verdict::CannotFire } else { Verdict::MayMiss };
                found.push((verdict, reason, days as u64, None));
            }
            if self.counts.records >= TELLING && self.counts.secret_reads() == 0 && found.is_empty() {
                found.push((Verdict::CannotFire, Blindness::NoSecretReads, self.counts.records, None));
            }
        }
        if found.iter().any(|(verdict, ..)| *verdict == Verdict::CannotFire) {
            return found;
        }
        let may_miss = [
            (Blindness::Cut, self.counts.truncated, None),
            (Blindness::Gaps, gaps, Some(minutes)),
            (Blindness::Rejects, self.rejects, None),
        ];
        let some = may_miss.into_iter().filter(|(_, count, _)| *count > 0);
        found.extend(some.map(|(reason, count, minutes)| (Verdict::MayMiss, reason, count, minutes)));
        found
    }

    /// The days on which the log has no read by its nature. A stream without a name may be any.
    fn without_reads(&self, log_type: &str) -> Option<(Blindness, usize)> {
        type Streams<'a> = BTreeSet<Option<&'a str>>;
        let count = |is_blind: &dyn Fn(&Streams<'_>) -> bool| {
            self.days.values().filter(|streams| is_blind(streams)).count()
        };
        let (reason, days) = match log_type {
            log_type if log_type == AKS.0 => {
                let only = |streams: &Streams<'_>| streams.iter().all(|stream| *stream == Some(AKS.1));
                (Blindness::AdminOnly, count(&only))
            }
            log_type if log_type == GKE.0 => {
                let without = |streams: &Streams<'_>| {
                    streams.iter().all(|stream| stream.is_some_and(|stream| stream != GKE.1))
                };
                (Blindness::NoDataAccess, count(&without))
            }
            _ => return None,
        };
        (days > 0).then_some((reason, days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalog;
    use crate::lake::coverage::Stream;
    use crate::lake::gaps::Gap;

    fn day(log_type: &str, log_stream: Option<&str>, date: &str, counts: StreamCounts) -> DayCoverage {
        let stream = Stream {
            cluster: Some("c".into()),
            log_type: Some(log_type.into()),
            log_stream: log_stream.map(str::to_owned),
        };
        DayCoverage { stream, event_date: Some(date.into()), counts, ..DayCoverage::default() }
    }

    fn records(records: u64, secret_gets: u64) -> StreamCounts {
        StreamCounts { records, secret_gets, ..StreamCounts::default() }
    }

    fn verdict(days: Vec<DayCoverage>) -> (Verdict, Vec<(Verdict, Blindness, u64)>) {
        of(&LakeCoverage { days, gaps: Vec::new() })
    }

    fn of(coverage: &LakeCoverage) -> (Verdict, Vec<(Verdict, Blindness, u64)>) {
        let catalog = Catalog::own().unwrap();
        let found = of_rule(catalog.find("kubernetes.bulk_secret_access").unwrap(), coverage);
        (found.verdict, found.reasons.iter().map(|r| (r.verdict, r.reason, r.count)).collect())
    }

    #[test]
    fn whole_logs_can_fire() {
        let (verdict, reasons) =
            verdict(vec![day("Amazon.EKS.Audit", None, "2026-11-01", records(20_000, 1))]);
        assert_eq!((verdict, reasons), (Verdict::CanFire, vec![]));
    }

    #[test]
    fn nothing_to_look_at_cannot_fire() {
        let none = [(Verdict::CannotFire, Blindness::NoRecords, 0)];
        assert_eq!(verdict(vec![]), (Verdict::CannotFire, none.to_vec()));
        let other = vec![day("Another.Log", None, "2026-11-01", records(5, 0))];
        assert_eq!(verdict(other), (Verdict::CannotFire, none.to_vec()));
    }

    #[test]
    fn admin_logs_alone_cannot_fire_and_on_some_days_may_miss() {
        let aks = |stream, date| day("Azure.MonitorActivity", Some(stream), date, records(5, 1));
        let only = vec![aks("kube-audit-admin", "2026-11-01"), aks("kube-audit-admin", "2026-11-02")];
        assert_eq!(
            verdict(only.clone()),
            (Verdict::CannotFire, vec![(Verdict::CannotFire, Blindness::AdminOnly, 2)])
        );
        let mut some = only;
        some.push(aks("kube-audit", "2026-11-02"));
        assert_eq!(verdict(some), (Verdict::MayMiss, vec![(Verdict::MayMiss, Blindness::AdminOnly, 1)]));
    }

    #[test]
    fn gke_without_data_access_cannot_fire() {
        let gke = |stream| day("GCP.AuditLog", stream, "2026-11-01", records(5, 0));
        let blind = [(Verdict::CannotFire, Blindness::NoDataAccess, 1)];
        assert_eq!(verdict(vec![gke(Some("activity"))]), (Verdict::CannotFire, blind.to_vec()));
        assert_eq!(verdict(vec![gke(Some("activity")), gke(Some("data_access"))]).0, Verdict::CanFire);
        assert_eq!(verdict(vec![gke(None)]).0, Verdict::CanFire, "a log that is not named may be any");
    }

    #[test]
    fn ten_thousand_records_without_a_read_cannot_fire() {
        let eks = |n, reads| vec![day("Amazon.EKS.Audit", None, "2026-11-01", records(n, reads))];
        let blind = [(Verdict::CannotFire, Blindness::NoSecretReads, 10_000)];
        assert_eq!(verdict(eks(10_000, 0)), (Verdict::CannotFire, blind.to_vec()));
        assert_eq!(verdict(eks(9_999, 0)).0, Verdict::CanFire);
        assert_eq!(verdict(eks(10_000, 1)).0, Verdict::CanFire);
    }

    #[test]
    fn cut_records_gaps_and_rejects_may_hide_something() {
        let counts = StreamCounts { truncated: 3, ..records(50, 5) };
        let mut eks = day("Amazon.EKS.Audit", None, "2026-11-01", counts);
        eks.rejects = 2;
        let elsewhere = DayCoverage { rejects: 4, ..DayCoverage::default() };
        let gap = |cluster: &str| Gap { cluster: Some(cluster.into()), from: 0, until: 900_000_000 };
        let gaps = vec![gap("c"), gap("other")];
        let (verdict, reasons) = of(&LakeCoverage { days: vec![eks, elsewhere], gaps });
        assert_eq!(verdict, Verdict::MayMiss);
        let expected = [
            (Verdict::MayMiss, Blindness::Cut, 3),
            (Verdict::MayMiss, Blindness::Gaps, 1),
            (Verdict::MayMiss, Blindness::Rejects, 2),
            (Verdict::MayMiss, Blindness::Rejects, 4),
        ];
        assert_eq!(reasons, expected);
    }

    #[test]
    fn one_blind_cluster_of_two_may_miss() {
        let mut seeing = day("Amazon.EKS.Audit", None, "2026-11-01", records(5, 1));
        seeing.stream.cluster = Some("seeing".into());
        let blind = day("GCP.AuditLog", Some("activity"), "2026-11-01", records(5, 0));
        assert_eq!(verdict(vec![blind, seeing]).0, Verdict::MayMiss);
    }
}
