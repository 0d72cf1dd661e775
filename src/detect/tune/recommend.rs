//! Which threshold to take, and why.
//!
//! A threshold should lie above what users do on a usual day. Few users who reach it every day are
//! better allowed by name than by a threshold that is then too high for everybody else.

use serde::Serialize;

use super::{AtThreshold, User};

/// Fewer active days than this don't make a usual one: an attack of one day is its own median.
const LEAST_DAYS: i64 = 3;

/// So many users can be allowed by name.
const BY_NAME: usize = 10;

/// A threshold, who should be allowed by name, and the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    pub threshold: i64,
    /// Users who reach it on a usual day: an entry each, if that is their work.
    pub allow: Vec<User>,
    /// Sentences without names from the logs.
    pub reasons: Vec<String>,
}

/// Recommends on the thresholds and users of a hunt with the threshold `current`.
pub fn recommend(thresholds: &[AtThreshold], users: &[User], current: i64) -> Recommendation {
    let habitual = |threshold: i64| users.iter().filter(move |user| is_habitual(user, threshold));
    let few = |at: &&AtThreshold| habitual(at.threshold).count() <= BY_NAME;
    let floor = thresholds.iter().find(few).map_or(current, |at| at.threshold);
    let (threshold, reason) = if floor > current {
        let many = habitual(current).count();
        let reason = format!(
            "{many} users reach {current} distinct secrets on a usual day; {floor} is the lowest threshold that at most {BY_NAME} of them reach"
        );
        (floor, reason)
    } else {
        at_most(thresholds, users, current)
    };
    let mut reasons = vec![reason];
    if let (Some(now), Some(then)) = (at(thresholds, current), at(thresholds, threshold)) {
        let change = match then.open() - now.open() {
            0 => format!("it leaves {} to look at", alerts(then.open())),
            _ => {
                format!("it leaves {} to look at, where {current} leaves {}", alerts(then.open()), now.open())
            }
        };
        reasons.push(change);
    }
    let allow: Vec<User> = habitual(threshold).cloned().collect();
    if !allow.is_empty() {
        let who = if allow.len() == 1 {
            "1 user reaches".to_owned()
        } else {
            format!("{} users reach", allow.len())
        };
        reasons.push(format!(
            "{who} {threshold} on a usual day, over {LEAST_DAYS} days or more: allow them by name, if that is their work"
        ));
    }
    Recommendation { threshold, allow, reasons }
}

/// The current threshold, or a lower one that costs nothing.
fn at_most(thresholds: &[AtThreshold], users: &[User], current: i64) -> (i64, String) {
    if users.is_empty() {
        return (current, "no reads were counted that another could rest on".to_owned());
    }
    let usual = users
        .iter()
        .filter(|user| user.active_days >= LEAST_DAYS && user.left_usual < current)
        .map(|user| user.left_usual)
        .max()
        .unwrap_or(0);
    let open = |threshold: i64| at(thresholds, threshold).map(AtThreshold::open);
    let lowest = thresholds
        .iter()
        .map(|at| at.threshold)
        .find(|threshold| *threshold > usual && open(*threshold) == open(current))
        .map_or(current, |lowest| lowest.min(current));
    let below = if usual == 0 {
        format!("no user has {LEAST_DAYS} days below {current} to tell a usual one from")
    } else {
        format!("below {current} the highest count on a usual day is {usual}")
    };
    if lowest < current {
        return (lowest, format!("{lowest} gives no alert more than {current}, and {below}"));
    }
    let more = open(current - 1).zip(open(current)).map(|(lower, now)| lower - now);
    match more {
        Some(more) if more > 0 => (current, format!("one lower gives {} more, and {below}", alerts(more))),
        _ => (current, below),
    }
}

fn is_habitual(user: &User, threshold: i64) -> bool {
    user.active_days >= LEAST_DAYS && user.left_usual >= threshold
}

fn at(thresholds: &[AtThreshold], threshold: i64) -> Option<&AtThreshold> {
    thresholds.iter().find(|at| at.threshold == threshold)
}

fn alerts(n: i64) -> String {
    if n == 1 { "1 alert".to_owned() } else { format!("{n} alerts") }
}

#[cfg(test)]
mod tests {
    use super::super::samples::user;
    use super::*;

    /// One alert for each user who reaches the threshold.
    fn thresholds(users: &[User]) -> Vec<AtThreshold> {
        let at = |threshold| {
            let alerts = users.iter().filter(|user| user.peak_distinct >= threshold).count() as i64;
            AtThreshold { threshold, alerts, users: alerts, silenced: 0 }
        };
        (5..=100).map(at).collect()
    }

    fn recommended(users: &[User]) -> Recommendation {
        recommend(&thresholds(users), users, 15)
    }

    #[test]
    fn a_lower_threshold_is_taken_where_it_costs_nothing() {
        let found = recommended(&[user("eve", 40, 40, 1), user("ci", 9, 7, 20)]);
        assert_eq!((found.threshold, found.allow.len()), (10, 0));
        assert!(found.reasons[0].contains("10 gives no alert more than 15"), "{:?}", found.reasons);
    }

    #[test]
    fn never_below_a_usual_day() {
        let found = recommended(&[user("eve", 40, 40, 1), user("ci", 12, 12, 20)]);
        assert_eq!(found.threshold, 13);
    }

    #[test]
    fn it_stays_where_one_lower_gives_more() {
        let found = recommended(&[user("eve", 40, 40, 1), user("bob", 14, 3, 9)]);
        assert_eq!(found.threshold, 15);
        assert!(found.reasons[0].contains("one lower gives 1 alert more"), "{:?}", found.reasons);
    }

    #[test]
    fn few_heavy_readers_are_allowed_by_name() {
        let found = recommended(&[user("vault", 60, 50, 30), user("eve", 40, 40, 1), user("bob", 14, 3, 9)]);
        assert_eq!(found.threshold, 15);
        assert_eq!(found.allow, [user("vault", 60, 50, 30)]);
    }

    #[test]
    fn many_raise_the_threshold() {
        let mut users: Vec<User> = (0..30).map(|n| user(&format!("u{n}"), 20 + n, 18, 5)).collect();
        users.push(user("eve", 90, 90, 1));
        let found = recommended(&users);
        assert_eq!((found.threshold, found.allow.len()), (19, 0));
        assert!(found.reasons[0].starts_with("30 users reach 15"), "{:?}", found.reasons);
    }

    #[test]
    fn nothing_counted_is_no_reason_to_change() {
        assert_eq!(recommended(&[]).threshold, 15);
    }
}
