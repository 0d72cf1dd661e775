//! Allow-lists: what is known to read many secrets, and why that is in order.
//!
//! An entry takes the reads that it matches out of the count. The hunt runs without the list
//! first; an alert that is then left without a breach is silenced: it keeps its id and its
//! evidence, and names the entries that did it.

mod file;
#[cfg(feature = "engine")]
mod masks;
pub mod pattern;
#[cfg(feature = "engine")]
mod silence;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use file::{AllowError, read};
pub use pattern::Pattern;
#[cfg(feature = "engine")]
pub(super) use silence::Silencer;

/// The entries a hunt runs with, and the day on which their expiry is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowList {
    /// A UTC date, `2026-11-24`: "now" for expiry dates.
    pub today: String,
    pub entries: Vec<AllowEntry>,
}

impl AllowList {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the entry is past its last day.
    pub fn is_expired(&self, entry: &AllowEntry) -> bool {
        // Dates of four-digit years sort as text.
        entry.expires.as_ref().is_some_and(|last_day| *last_day < self.today)
    }
}

/// One `[[allow]]` of a file: a read must match a pattern of every field that is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowEntry {
    /// Where it stands, `allow.toml:3`.
    pub entry: String,
    pub reason: String,
    pub owner: String,
    /// The last day it is in force, a UTC date.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires: Option<String>,
    #[serde(flatten)]
    pub patterns: BTreeMap<AllowField, Vec<String>>,
}

/// What an entry can match on. A read that has no value there is matched by no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowField {
    Username,
    Namespace,
    /// The secret's name.
    Secret,
    UserAgent,
    Cluster,
    /// The last entry of source_ips, the only one a client does not choose.
    SourceIp,
}

impl AllowField {
    pub const ALL: [Self; 6] =
        [Self::Username, Self::Namespace, Self::Secret, Self::UserAgent, Self::Cluster, Self::SourceIp];

    /// Its name in files and in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Namespace => "namespace",
            Self::Secret => "secret",
            Self::UserAgent => "user_agent",
            Self::Cluster => "cluster",
            Self::SourceIp => "source_ip",
        }
    }
}

/// An entry as a silenced alert names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedBy {
    pub entry: String,
    pub reason: String,
    pub owner: String,
}

impl From<&AllowEntry> for AllowedBy {
    fn from(entry: &AllowEntry) -> Self {
        Self { entry: entry.entry.clone(), reason: entry.reason.clone(), owner: entry.owner.clone() }
    }
}

/// What became of one entry in a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowUse {
    pub entry: String,
    pub reason: String,
    pub owner: String,
    pub expires: Option<String>,
    /// It is past its last day, and took nothing out.
    pub expired: bool,
    /// Counted reads that it matches, whether or not it is expired.
    pub reads: i64,
    /// Silenced alerts that name it.
    pub silenced: i64,
}
