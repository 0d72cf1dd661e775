//! What a hunt must find in the simulated logs: `truth.json`.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SimulateError;

/// What the rule at its defaults makes of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The user reaches the threshold inside one window.
    Alert,
    /// The user lists the secrets of the whole cluster, which the hunt's summary names.
    Exposure,
    /// The user stays below the threshold.
    None,
}

/// One planted attack. Times are RFC 3339 in UTC with six fraction digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attack {
    /// The authenticated caller, as in the username column.
    pub username: String,
    pub kind: String,
    /// The first read of a secret.
    pub first: String,
    /// The last read of a secret.
    pub last: String,
    /// Distinct secrets over the whole attack, by the rule's qualified key.
    pub distinct_secrets: usize,
    pub expected: Expected,
}

/// The users whom a hunt must alert on, and those on whom it must not. Lists are sorted and distinct.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub alerted: Vec<String>,
    /// Benign look-alikes.
    pub quiet: Vec<String>,
    /// Attackers on whom the rule at its defaults does not alert.
    pub below: Vec<String>,
    pub attacks: Vec<Attack>,
}

impl Truth {
    /// Adds an attack, and its user to the list that it belongs in.
    pub fn add(&mut self, attack: Attack) {
        let users = if attack.expected == Expected::Alert { &mut self.alerted } else { &mut self.below };
        users.push(attack.username.clone());
        self.attacks.push(attack);
    }

    /// Joins two truths about logs that are hunted together.
    pub fn join(&mut self, other: Self) {
        self.alerted.extend(other.alerted);
        self.quiet.extend(other.quiet);
        self.below.extend(other.below);
        self.attacks.extend(other.attacks);
        self.sort();
    }

    /// Sorts the lists and drops what stands in them twice.
    pub fn sort(&mut self) {
        for users in [&mut self.alerted, &mut self.quiet, &mut self.below] {
            sort(users);
        }
        sort(&mut self.attacks);
    }

    /// Reads a `truth.json`.
    ///
    /// # Errors
    /// When the file cannot be read or is not of this shape.
    pub fn read(path: &Path) -> Result<Self, SimulateError> {
        let bytes = std::fs::read(path).map_err(SimulateError::io("read", path))?;
        serde_json::from_slice(&bytes)
            .map_err(|source| SimulateError::Truth { path: path.to_owned(), source })
    }

    /// Writes a `truth.json`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SimulateError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| SimulateError::Truth { path: path.to_owned(), source })?;
        std::fs::write(path, text + "\n").map_err(SimulateError::io("write", path))
    }
}

fn sort<T: Ord + Clone>(items: &mut Vec<T>) {
    let distinct: BTreeSet<T> = items.drain(..).collect();
    items.extend(distinct);
}
