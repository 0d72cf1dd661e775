//! What a hunt can be told, as it is stored with its answer.

use serde::{Deserialize, Deserializer, Serialize};

use super::allow::AllowList;
use super::rules::Rule;

/// The parameters of one hunt. Spans are microseconds, times microseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HuntParameters {
    /// The rule's RuleID.
    pub rule: String,
    /// Breaches before it count for none.
    pub since: Option<Since>,
    /// Breaches at or after it count for none.
    #[serde(deserialize_with = "bound")]
    pub until: Option<Since>,
    /// Where one of these is a span: the newest event_time of the lake when it was hunted, which it counts back from. Whoever
    /// asks for the records of its alerts later asks for the same time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub newest: Option<i64>,
    /// Distinct secrets in a window that make a breach.
    pub threshold: i64,
    pub window: i64,
    pub dedup: i64,
    pub by: Vec<GroupColumn>,
    pub secret_key: SecretKey,
    pub include_system: bool,
    pub window_mode: WindowMode,
    /// What is known, as it was read for this hunt.
    #[serde(skip_serializing_if = "AllowList::is_empty", default)]
    pub allow: AllowList,
}

impl HuntParameters {
    /// A rule's own values, over the whole lake, by username.
    pub fn of(rule: &Rule) -> Self {
        Self {
            rule: rule.rule_id.clone(),
            since: None,
            until: None,
            newest: None,
            threshold: rule.threshold,
            window: minutes(rule.window_minutes),
            dedup: minutes(rule.dedup_period_minutes),
            by: vec![GroupColumn::Username],
            secret_key: SecretKey::Qualified,
            include_system: false,
            window_mode: WindowMode::Sliding,
            allow: AllowList::default(),
        }
    }
}

/// Hunts that an older program stored have a time in place of a bound.
fn bound<'de, D: Deserializer<'de>>(stored: D) -> Result<Option<Since>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Time(i64),
        Bound(Since),
    }
    Ok(Option::deserialize(stored)?.map(|stored| match stored {
        Stored::Time(time) => Since::At(time),
        Stored::Bound(bound) => bound,
    }))
}

impl HuntParameters {
    /// The time of `since`; none where it leaves nothing out.
    pub fn begin(&self) -> Option<i64> {
        self.since.and_then(|since| since.time(self.newest))
    }

    /// The time of `until`; none where it leaves nothing out.
    pub fn end(&self) -> Option<i64> {
        self.until.and_then(|until| until.time(self.newest))
    }
}

fn minutes(minutes: i64) -> i64 {
    minutes.saturating_mul(60_000_000)
}

/// Where a hunt begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    At(i64),
    /// So long before the newest event_time of the lake, not before the clock's.
    BeforeNewest(i64),
}

impl Since {
    /// None for a span where there is no event to count back from, and nothing to leave out.
    pub fn time(self, newest: Option<i64>) -> Option<i64> {
        match self {
            Self::At(time) => Some(time),
            Self::BeforeNewest(span) => newest.map(|newest| newest.saturating_sub(span)),
        }
    }
}

/// What reads are grouped by. The order is that of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupColumn {
    Username,
    /// The impersonated user, else the caller.
    EffectiveUser,
    /// On EKS the session name or arn, else the username.
    Session,
    Cluster,
    /// The last entry of source_ips.
    SourceIp,
    UserAgent,
}

impl GroupColumn {
    pub const ALL: [Self; 6] =
        [Self::Username, Self::EffectiveUser, Self::Session, Self::Cluster, Self::SourceIp, Self::UserAgent];

    /// The word for it on the command line and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::EffectiveUser => "effective_user",
            Self::Session => "session",
            Self::Cluster => "cluster",
            Self::SourceIp => "source_ip",
            Self::UserAgent => "user_agent",
        }
    }

    /// Its column in the hunt's tables.
    pub fn column(self) -> &'static str {
        match self {
            Self::Username => "username_group",
            Self::EffectiveUser => "effective_user_group",
            Self::Session => "session_group",
            Self::Cluster => "cluster_group",
            Self::SourceIp => "source_ip_group",
            Self::UserAgent => "user_agent_group",
        }
    }
}

/// What makes two secrets one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKey {
    /// Cluster, namespace and name.
    Qualified,
    /// The name alone, as upstream.
    Name,
}

impl SecretKey {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::Name => "name",
        }
    }
}

/// What a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowMode {
    /// Every range of the window's length.
    Sliding,
    /// Opened by a counted read, closed after its length.
    Anchored,
    /// Half-open bins from 1970-01-01T00:00Z.
    Tumbling,
}

impl WindowMode {
    pub const ALL: [Self; 3] = [Self::Sliding, Self::Anchored, Self::Tumbling];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sliding => "sliding",
            Self::Anchored => "anchored",
            Self::Tumbling => "tumbling",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_is_read_as_an_older_program_stored_it() {
        let rule = serde_json::json!({
            "rule": "R", "since": null, "until": 5, "threshold": 1, "window": 1, "dedup": 0, "by": ["username"],
            "secret_key": "qualified", "include_system": false, "window_mode": "sliding",
        });
        let mut stored: HuntParameters = serde_json::from_value(rule).unwrap();
        assert_eq!(stored.until, Some(Since::At(5)));
        for until in [None, Some(Since::At(6)), Some(Since::BeforeNewest(7))] {
            stored.until = until;
            let again = serde_json::from_value(serde_json::to_value(&stored).unwrap());
            assert_eq!(again.ok(), Some(stored.clone()));
        }
    }

    #[test]
    fn spans_count_back_from_the_newest_event() {
        assert_eq!(Since::At(5).time(Some(100)), Some(5));
        assert_eq!(Since::BeforeNewest(30).time(Some(100)), Some(70));
        assert_eq!(Since::BeforeNewest(30).time(None), None);
    }
}
