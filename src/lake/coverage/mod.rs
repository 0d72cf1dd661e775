//! What a lake covers: per day and stream how much there is, what of it was cut, what could not be
//! read, and when there is nothing.
//!
//! It is counted when a file is written and kept in its commit, so that no hunt reads a row for it.
//! Files of a commit that does not say are counted again, over eleven narrow columns.

mod file;
mod minutes;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub(in crate::lake) use file::batches;
pub use file::{ClusterMinutes, Counting, FileCoverage, Stream, StreamCounts, StreamCoverage};
pub use minutes::{MINUTES_PER_DAY, Minutes};

use super::LakeError;
use super::commit::{CommitKind, FileRecord};
use super::gaps::{Gap, Gaps};
use super::snapshot::{LakeFile, Snapshot};
use super::utc;
use crate::cancel::{Cancel, Stopped};

/// What there is of a stream on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayCoverage {
    pub stream: Stream,
    /// Null for records that could not be read and stand near no other.
    pub event_date: Option<String>,
    pub counts: StreamCounts,
    /// Records that could not be read.
    pub rejects: u64,
    /// The gaps of the stream's cluster that begin on this day.
    pub gaps: u64,
    /// Minutes that these gaps have together.
    pub gap_minutes: u64,
}

/// What a lake, or a span of it, covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LakeCoverage {
    /// Sorted by stream, then by date.
    pub days: Vec<DayCoverage>,
    /// Sorted.
    pub gaps: Vec<Gap>,
}

/// The first and the last date to look at, both of them included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    pub first: Option<String>,
    pub last: Option<String>,
}

impl Dates {
    fn contain(&self, date: &str) -> bool {
        self.first.as_deref().is_none_or(|first| first <= date)
            && self.last.as_deref().is_none_or(|last| date <= last)
    }
}

impl LakeCoverage {
    /// What a snapshot covers on these dates.
    ///
    /// # Errors
    /// When a file whose commit does not say what it covers cannot be read, or the work was stopped.
    pub fn read(snapshot: &Snapshot, dates: &Dates, cancel: &Cancel) -> Result<Self, LakeError> {
        let mut days: BTreeMap<(Stream, Option<String>), DayCoverage> = BTreeMap::new();
        let mut gaps = Gaps::default();
        let files: Vec<&LakeFile> =
            snapshot.files.iter().filter(|file| dates.contain(&file.record.event_date)).collect();
        // Files are sorted by date; some at a time, as each may have to be read and be held.
        for files in files.chunks(64) {
            for (record, coverage) in covered(files, cancel)? {
                for of_stream in &coverage.streams {
                    day(&mut days, &of_stream.stream, Some(&record.event_date)).counts.add(&of_stream.counts);
                }
                let day = record.first_time.div_euclid(utc::DAY);
                coverage
                    .clusters
                    .iter()
                    .for_each(|c| gaps.add_minutes(c.cluster.as_deref(), day, &c.minutes));
            }
        }
        rejects(snapshot, dates, &mut days);
        let gaps = gaps.finish();
        let mut days: Vec<DayCoverage> = days.into_values().collect();
        days.iter_mut().for_each(|day| day.add_gaps(&gaps));
        Ok(Self { days, gaps })
    }
}

impl DayCoverage {
    fn add_gaps(&mut self, gaps: &[Gap]) {
        let from = gaps.partition_point(|gap| gap.cluster < self.stream.cluster);
        let of_cluster = gaps[from..].iter().take_while(|gap| gap.cluster == self.stream.cluster);
        let of_day =
            of_cluster.filter(|gap| Some(utc::date(gap.from.div_euclid(utc::DAY))) == self.event_date);
        for gap in of_day {
            self.gaps += 1;
            self.gap_minutes += gap.minutes();
        }
    }
}

fn day<'a>(
    days: &'a mut BTreeMap<(Stream, Option<String>), DayCoverage>,
    stream: &Stream,
    date: Option<&String>,
) -> &'a mut DayCoverage {
    days.entry((stream.clone(), date.cloned())).or_insert_with(|| DayCoverage {
        stream: stream.clone(),
        event_date: date.cloned(),
        ..DayCoverage::default()
    })
}

fn covered<'a>(
    files: &[&'a LakeFile],
    cancel: &Cancel,
) -> Result<Vec<(&'a FileRecord, std::borrow::Cow<'a, FileCoverage>)>, LakeError> {
    use std::borrow::Cow;
    let one = |file: &&'a LakeFile| {
        if cancel.is_cancelled() {
            return Err(LakeError::Cancelled(Stopped));
        }
        let coverage = match &file.record.coverage {
            Some(coverage) => Cow::Borrowed(coverage),
            None => Cow::Owned(FileCoverage::read(&file.path)?),
        };
        Ok((&file.record, coverage))
    };
    if files.iter().all(|file| file.record.coverage.is_some()) {
        return files.iter().map(one).collect();
    }
    files.par_iter().map(one).collect()
}

/// Adds what could not be read, where the records around it are; what no source tells the place of
/// has none.
fn rejects(snapshot: &Snapshot, dates: &Dates, days: &mut BTreeMap<(Stream, Option<String>), DayCoverage>) {
    let all: u64 = snapshot.rejects().iter().map(|(commit, _)| commit.rejects_count()).sum();
    // Where rejects were tried again, no commit says which of them are left.
    let tried_again = snapshot.commits.iter().any(|commit| commit.kind == CommitKind::Reingest);
    let sources = if tried_again { Vec::new() } else { snapshot.all_readings() };
    let mut placed = 0;
    for rejected in sources.iter().flat_map(|(_, source)| &source.rejected) {
        placed += rejected.rejects;
        if rejected.event_date.as_deref().is_none_or(|date| dates.contain(date)) {
            day(days, &rejected.stream, rejected.event_date.as_ref()).rejects += rejected.rejects;
        }
    }
    if all > placed {
        day(days, &Stream::default(), None).rejects += all - placed;
    }
}

#[cfg(test)]
mod tests;
