//! What other thresholds would give, and what each entry of the allow-list does.
//!
//! Everything comes from the counts of one pass over the reads, as a hunt makes; with an
//! allow-list there is one more for the groups that it touches, and one for each entry alone.

#[cfg(feature = "engine")]
mod read;
pub mod recommend;

use serde::Serialize;
use serde_json::{Map, Value};

use super::alert::Versions;
use super::allow::AllowUse;
pub use recommend::Recommendation;

#[cfg(feature = "engine")]
pub use read::tune;

/// The thresholds that are always looked at; the hunt's own is added to them.
pub const THRESHOLDS: std::ops::RangeInclusive<i64> = 5..=100;

/// What `kubetrawl tune` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Always `kubetrawl/tune/1`.
    pub schema: String,
    pub versions: Versions,
    /// Those of a hunt: the threshold is the one that others are compared with.
    pub parameters: Value,
    pub recommendation: Recommendation,
    /// In the order of thresholds, without gaps.
    pub thresholds: Vec<AtThreshold>,
    /// How many users counted anything. A user is a group of `--by`.
    pub users_counted: i64,
    /// Those with the highest counts, highest first.
    pub users: Vec<User>,
    /// In the list's order.
    pub allow: Vec<Line>,
}

/// What a hunt with one threshold gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AtThreshold {
    pub threshold: i64,
    /// The silenced among them.
    pub alerts: i64,
    pub users: i64,
    pub silenced: i64,
}

impl AtThreshold {
    /// The alerts that are left to look at.
    pub fn open(&self) -> i64 {
        self.alerts - self.silenced
    }
}

/// How much one group reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub username: Option<String>,
    /// The other columns of `--by`, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Map<String, Value>>,
    /// Its highest count in any window, and when that was first reached.
    pub peak_distinct: i64,
    pub peaked_at: String,
    /// The median over its active days of the day's highest count.
    pub usual_distinct: i64,
    /// UTC days on which it counted anything.
    pub active_days: i64,
    /// The highest count, and the usual one, of what the allow-list leaves.
    pub left_distinct: i64,
    pub left_usual: i64,
}

/// An entry of the allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `silenced` counts the alerts that the whole list silences and that name the entry.
    #[serde(flatten)]
    pub used: AllowUse,
    /// Alerts that it would silence alone, were it in force.
    pub silences_alone: i64,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::User;

    /// A user whom no allow-list touches.
    pub(crate) fn user(name: &str, peak: i64, usual: i64, days: i64) -> User {
        User {
            username: Some(name.into()),
            group: None,
            peak_distinct: peak,
            peaked_at: "2026-11-20T08:14:09.120045Z".into(),
            usual_distinct: usual,
            active_days: days,
            left_distinct: peak,
            left_usual: usual,
        }
    }
}
