//! Stretches of time without a record in a cluster that has them all day: an export that was
//! missed, or an API server that was silenced. The one definition of a gap, for whoever asks.

use std::collections::BTreeMap;

use serde::Serialize;

use super::coverage::{MINUTES_PER_DAY, Minutes};
use super::utc;

const MINUTE: i64 = 60_000_000;

/// A gap has at least so many minutes without a record.
const LEAST: i64 = 10;

/// Ten minutes or more without a record, in a cluster that has one in 99% of the day's other minutes:
/// of those in no gap. Most minutes of the day have one, or there would be little to be silent in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    pub cluster: Option<String>,
    /// The first minute without a record.
    #[serde(serialize_with = "utc::serialize")]
    pub from: i64,
    /// The first minute with one again.
    #[serde(serialize_with = "utc::serialize")]
    pub until: i64,
}

impl Gap {
    /// How long it is.
    pub fn minutes(&self) -> u64 {
        u64::try_from((self.until - self.from) / MINUTE).unwrap_or_default()
    }
}

/// Finds gaps day by day; holds a bit for each minute of a day and cluster.
#[derive(Debug, Default)]
pub struct Gaps {
    day: Option<i64>,
    minutes: BTreeMap<Option<String>, Minutes>,
    /// The last minute with a record of each cluster, where its day was a full one.
    last: BTreeMap<Option<String>, i64>,
    found: Vec<Gap>,
}

impl Gaps {
    /// Notes the minutes of a day, since 1970-01-01, in which a cluster has a record. Days come in order.
    pub fn add_minutes(&mut self, cluster: Option<&str>, day: i64, minutes: &Minutes) {
        if self.day != Some(day) {
            self.end_day();
            self.day = Some(day);
        }
        self.minutes.entry(cluster.map(str::to_owned)).or_default().unite(minutes);
    }

    /// All gaps, sorted.
    pub fn finish(mut self) -> Vec<Gap> {
        self.end_day();
        self.found.sort();
        self.found
    }

    fn end_day(&mut self) {
        let Some(day) = self.day else { return };
        let start = day * MINUTES_PER_DAY as i64;
        for (cluster, minutes) in std::mem::take(&mut self.minutes) {
            let full = is_full(&minutes);
            // A gap may begin on the day before: that day counts as it did, full or not.
            let mut last = self.last.remove(&cluster).filter(|last| start - last <= MINUTES_PER_DAY as i64);
            for minute in minutes.iter() {
                let minute = start + minute as i64;
                if let Some(last) = last.filter(|last| full && minute - last > LEAST) {
                    let (from, until) = ((last + 1) * MINUTE, minute * MINUTE);
                    self.found.push(Gap { cluster: cluster.clone(), from, until });
                }
                last = Some(minute);
            }
            if let Some(last) = last.filter(|_| full) {
                self.last.insert(cluster, last);
            }
        }
    }
}

/// Whether a cluster has records all day, but for gaps.
fn is_full(minutes: &Minutes) -> bool {
    let (mut in_gaps, mut next) = (0, 0);
    for minute in minutes.iter().chain([MINUTES_PER_DAY]) {
        let silent = minute - next;
        in_gaps += if silent as i64 >= LEAST { silent } else { 0 };
        next = minute + 1;
    }
    let seen = minutes.count();
    seen * 2 > MINUTES_PER_DAY && seen * 100 >= (MINUTES_PER_DAY - in_gaps) * 99
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(minutes: impl Iterator<Item = i64>) -> Vec<(i64, i64)> {
        let mut gaps = Gaps::default();
        for minute in minutes {
            let mut one = Minutes::default();
            one.set(minute.rem_euclid(MINUTES_PER_DAY as i64) as usize);
            gaps.add_minutes(Some("prod"), minute.div_euclid(MINUTES_PER_DAY as i64), &one);
        }
        gaps.finish().iter().map(|gap| (gap.from / MINUTE, gap.until / MINUTE)).collect()
    }

    #[test]
    fn ten_silent_minutes_of_a_full_day_are_a_gap_and_nine_are_not() {
        assert_eq!(gaps((0..1_440).filter(|m| !(100..110).contains(m))), [(100, 110)]);
        assert_eq!(gaps((0..1_440).filter(|m| !(100..109).contains(m))), []);
        assert_eq!(gaps((0..700).chain(1_000..1_010)), [], "not most minutes");
        assert_eq!(gaps((0..100).chain(400..1_440)), [(100, 400)], "however long");
    }

    #[test]
    fn a_cluster_that_is_often_silent_has_no_gaps() {
        // Of the 1,430 minutes outside the gap, 14 may be silent and 15 may not.
        let every_other = |n: i64| (200..200 + 2 * n).step_by(2);
        let silent =
            |n| (0..1_440).filter(move |m| !(100..110).contains(m) && !every_other(n).any(|s| s == *m));
        assert_eq!(gaps(silent(14)), [(100, 110)]);
        assert_eq!(gaps(silent(15)), []);
    }

    #[test]
    fn a_gap_over_midnight_is_one() {
        assert_eq!(gaps((0..1_430).chain(1_450..2_880)), [(1_430, 1_450)]);
        assert_eq!(gaps((0..1_440).chain(5_760..7_200)), [], "days without any record are not told");
    }
}
