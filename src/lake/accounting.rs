//! Where the records of a lake went: into rows, rejects, duplicates and other kinds.
//!
//! Told of what counts now: of what was taken back, read again or tried again, the commits before still
//! tell how it was then.

use std::collections::BTreeMap;

use super::commit::SourceRecord;
use super::{Lake, LakeError, Snapshot};

/// The records of the sources that a lake holds: records = rows + duplicates + rejects + other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Those that read a source that still counts.
    pub commits: u64,
    pub sources: u64,
    pub records: u64,
    pub rows: u64,
    /// Records that are no row because an equal one was; one that has since been taken back still counts.
    pub duplicates: u64,
    /// By reason.
    pub rejects: BTreeMap<String, u64>,
    /// Valid records that are no Kubernetes audit, by kind.
    pub other: BTreeMap<String, u64>,
}

impl Accounting {
    /// That of a lake as of a snapshot.
    ///
    /// # Errors
    /// When the rejects cannot be read.
    pub fn of(lake: &Lake, snapshot: &Snapshot) -> Result<Self, LakeError> {
        let mut readings: BTreeMap<u64, Vec<&SourceRecord>> = BTreeMap::new();
        for (commit, source) in snapshot.all_readings() {
            readings.entry(commit).or_default().push(source);
        }
        let mut sum = Self { rows: snapshot.rows(), rejects: rejects(lake, snapshot)?, ..Self::default() };
        let mut given = 0;
        for commit in &snapshot.commits {
            let Some(left) = readings.get(&commit.number) else { continue };
            sum.commits += 1;
            if left.len() == commit.sources.len() {
                given += commit.counts.rows + commit.counts.duplicates;
                add(&mut sum.other, &commit.counts.other);
            } else {
                given += left.iter().map(|source| source.rows + source.duplicates).sum::<u64>();
                left.iter().for_each(|source| add(&mut sum.other, &source.other));
            }
        }
        let mut uris: Vec<&str> =
            readings.values().flatten().filter(|source| !source.archive).map(|s| s.uri.as_str()).collect();
        uris.sort_unstable();
        uris.dedup();
        sum.sources = uris.len() as u64;
        sum.duplicates = given.saturating_sub(sum.rows);
        let parts = [&sum.rejects, &sum.other].into_iter().flat_map(BTreeMap::values);
        sum.records = sum.rows + sum.duplicates + parts.sum::<u64>();
        Ok(sum)
    }
}

/// The rejects by reason: of a file that a commit wrote for its own alone, as it counted them.
fn rejects(lake: &Lake, snapshot: &Snapshot) -> Result<BTreeMap<String, u64>, LakeError> {
    let mut sum = BTreeMap::new();
    for (commit, place) in snapshot.rejects() {
        if commit.rejects_held.is_none() {
            add(&mut sum, &commit.counts.rejects);
            continue;
        }
        for reject in lake.rejects_of(commit, place) {
            *sum.entry(reject?.reason).or_default() += 1;
        }
    }
    Ok(sum)
}

fn add(sum: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        *sum.entry(name.clone()).or_default() += count;
    }
}
