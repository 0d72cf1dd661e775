//! Stretches of time without a record in a cluster that has them all day: an export that was
//! missed, or an API server that was silenced.

use std::collections::BTreeMap;

use serde::Serialize;

use super::utc;

const MINUTE: i64 = 60_000_000;

const MINUTES_PER_DAY: usize = 1_440;

/// A gap has at least so many minutes without a record.
const LEAST: i64 = 10;

/// Ten minutes or more without a record, on a day in most minutes of which the cluster has some.
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

/// Finds gaps day by day; holds a bit for each minute of a day and cluster.
#[derive(Debug, Default)]
pub struct Gaps {
    day: Option<i64>,
    minutes: BTreeMap<Option<String>, Vec<bool>>,
    /// The last minute with a record of each cluster, where its day was a full one.
    last: BTreeMap<Option<String>, i64>,
    found: Vec<Gap>,
}

impl Gaps {
    /// Notes a record. Days come in order.
    pub fn add(&mut self, cluster: Option<&str>, microseconds: i64) {
        let day = microseconds.div_euclid(utc::DAY);
        if self.day != Some(day) {
            self.end_day();
            self.day = Some(day);
        }
        let minute = (microseconds.rem_euclid(utc::DAY) / MINUTE) as usize;
        // One lookup without an allocation for all but the first record of a cluster.
        let known = self.minutes.iter_mut().find(|(name, _)| name.as_deref() == cluster);
        match known {
            Some((_, minutes)) => minutes[minute] = true,
            None => {
                let mut minutes = vec![false; MINUTES_PER_DAY];
                minutes[minute] = true;
                self.minutes.insert(cluster.map(str::to_owned), minutes);
            }
        }
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
            let full = minutes.iter().filter(|&&seen| seen).count() * 2 > MINUTES_PER_DAY;
            // A gap may begin on the day before: that day counts as it did, full or not.
            let mut last = self.last.remove(&cluster).filter(|last| start - last <= MINUTES_PER_DAY as i64);
            for (minute, _) in minutes.iter().enumerate().filter(|(_, seen)| **seen) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(minutes: impl Iterator<Item = i64>) -> Vec<(i64, i64)> {
        let mut gaps = Gaps::default();
        minutes.for_each(|minute| gaps.add(Some("prod"), minute * MINUTE + 1));
        gaps.finish().iter().map(|gap| (gap.from / MINUTE, gap.until / MINUTE)).collect()
    }

    #[test]
    fn ten_silent_minutes_of_a_full_day_are_a_gap_and_nine_are_not() {
        assert_eq!(gaps((0..1_440).filter(|m| !(100..110).contains(m))), [(100, 110)]);
        assert_eq!(gaps((0..1_440).filter(|m| !(100..109).contains(m))), []);
        assert_eq!(gaps((0..700).chain(1_000..1_010)), [], "not most minutes");
    }

    #[test]
    fn a_gap_over_midnight_is_one() {
        assert_eq!(gaps((0..1_430).chain(1_450..2_880)), [(1_430, 1_450)]);
        assert_eq!(gaps((0..1_440).chain(5_760..7_200)), [], "days without any record are not told");
    }
}
