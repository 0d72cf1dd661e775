//! Cuts the time of a hunt into portions that are read one after the other.
//!
//! All records of a request have one event_time, so that a portion holds requests whole: cutting changes no answer,
//! and what tells the stages of a request apart needs the memory of one portion.

use crate::lake::utc::DAY;

/// Records of secrets in one portion: each takes about 1 KB until the latest of each request is known. At 350,000 a
/// hunt over 5 million reads by one user took 13.5 s instead of 21 s, and in every second run ran out of 768 MiB.
pub const MOST: i64 = 150_000;

/// A day with records. Times are microseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyDay {
    /// Records of secrets, at most.
    pub reads: i64,
    pub first: i64,
    pub last: i64,
}

/// The span from `from` (inclusive) until `until` (exclusive) in portions of about `most` reads, in order and without
/// a gap. Days are sorted, and are taken together or cut evenly by time.
pub fn portions(days: &[BusyDay], from: i64, until: i64, most: i64) -> Vec<(i64, i64)> {
    let mut cuts = vec![from];
    let mut taken = 0;
    for day in days {
        if taken > 0 && taken + day.reads > most {
            cuts.push(day.first.div_euclid(DAY) * DAY);
            taken = 0;
        }
        let pieces = (day.reads + most - 1) / most;
        let width = (day.last - day.first) / pieces.max(1) + 1;
        let inner = (1..pieces).map(|piece| day.first + piece * width);
        cuts.extend(inner.take_while(|cut| *cut <= day.last));
        taken = if pieces > 1 { most } else { taken + day.reads };
    }
    cuts.retain(|cut| (from..until).contains(cut) || *cut == from);
    cuts.dedup();
    let ends: Vec<i64> = cuts.iter().skip(1).copied().chain([until]).collect();
    cuts.into_iter().zip(ends).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(date: i64, reads: i64) -> BusyDay {
        BusyDay { reads, first: date * DAY + 10, last: date * DAY + 10_000 }
    }

    #[test]
    fn few_reads_are_one_portion() {
        assert_eq!(portions(&[], 0, 9, 100), [(0, 9)]);
        assert_eq!(portions(&[day(1, 40), day(2, 60)], -7, 9 * DAY, 100), [(-7, 9 * DAY)]);
    }

    #[test]
    fn days_are_taken_together_or_cut() {
        let days = [day(1, 60), day(2, 60), day(3, 250), day(4, 1)];
        let width = 9_990 / 3 + 1;
        let cut = |piece: i64| 3 * DAY + 10 + piece * width;
        let expected =
            [(0, 2 * DAY), (2 * DAY, 3 * DAY), (3 * DAY, cut(1)), (cut(1), cut(2)), (cut(2), 4 * DAY)];
        assert_eq!(portions(&days, 0, 9 * DAY, 100)[..5], expected);
        assert_eq!(portions(&days, 0, 9 * DAY, 100)[5..], [(4 * DAY, 9 * DAY)]);
    }

    proptest! {
        #[test]
        fn portions_follow_each_other_from_end_to_end(
            reads in prop::collection::vec((0_i64..500, 0..DAY, 0..DAY), 0..9),
            from in -DAY..3 * DAY,
            length in 1..9 * DAY,
            most in 1_i64..400,
        ) {
            let days: Vec<BusyDay> = (0_i64..)
                .zip(&reads)
                .map(|(date, (reads, a, b))| BusyDay {
                    reads: *reads,
                    first: date * DAY + a.min(b),
                    last: date * DAY + a.max(b),
                })
                .collect();
            let cut = portions(&days, from, from + length, most);
            prop_assert_eq!(cut[0].0, from);
            prop_assert_eq!(cut[cut.len() - 1].1, from + length);
            prop_assert!(cut.iter().all(|(from, until)| from < until), "{:?}", cut);
            prop_assert!(cut.windows(2).all(|two| two[0].1 == two[1].0), "{:?}", cut);
        }
    }
}
