//! What is counted of a source while it is decoded.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{AuditEvent, LogType, RejectCode};
use crate::lake::commit::Rejected;
use crate::lake::coverage::Stream;

/// Kinds of other records that are told apart in one source by one thread; the names come from the
/// logs, so there must be an end to them.
const KINDS: usize = 10_000;

/// The name under which the kinds beyond are counted together.
const MORE_KINDS: &str = "more kinds";

/// Kinds that a commit names of one of its sources.
const NAMED: usize = 100;

/// Places of rejects that are told apart in one source.
const PLACES: usize = 1_000;

/// The counts of a source, or of the part of it that one thread saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub records: u64,
    pub rows: u64,
    pub rejects: BTreeMap<RejectCode, u64>,
    /// The rejects by stream and date of the records around them.
    pub rejected: BTreeMap<(Stream, Option<String>), u64>,
    pub other: BTreeMap<String, u64>,
    pub log_types: BTreeSet<LogType>,
    /// The smallest and the largest event_time.
    pub times: Option<(i64, i64)>,
}

impl Tally {
    pub(super) fn row(&mut self, event: &AuditEvent<'_>) {
        self.rows += 1;
        self.log_types.insert(event.log_type);
        self.span(event.event_time, event.event_time);
    }

    pub(super) fn reject(&mut self, code: RejectCode) {
        *self.rejects.entry(code).or_default() += 1;
    }

    /// Says where rejects stand that were counted before.
    pub(super) fn rejected(&mut self, stream: Stream, event_date: Option<String>, count: u64) {
        let place = (stream, event_date);
        let known = self.rejected.len() < PLACES || self.rejected.contains_key(&place);
        *self.rejected.entry(if known { place } else { Default::default() }).or_default() += count;
    }

    /// The other records by kind, as a commit has them of a source.
    pub(super) fn kinds(&self) -> BTreeMap<String, u64> {
        if self.other.len() <= NAMED {
            return self.other.clone();
        }
        BTreeMap::from([(MORE_KINDS.to_owned(), self.other.values().sum())])
    }

    /// The rejects by place, as a commit has them.
    pub(super) fn places(&self) -> Vec<Rejected> {
        let place = |((stream, event_date), rejects): (&(Stream, Option<String>), &u64)| Rejected {
            stream: stream.clone(),
            event_date: event_date.clone(),
            rejects: *rejects,
        };
        self.rejected.iter().map(place).collect()
    }

    pub(super) fn other(&mut self, kind: &str) {
        self.others(kind, 1);
    }

    fn others(&mut self, kind: &str, count: u64) {
        if let Some(known) = self.other.get_mut(kind) {
            *known += count;
        } else {
            let kind = if self.other.len() < KINDS { kind } else { MORE_KINDS };
            *self.other.entry(kind.to_owned()).or_default() += count;
        }
    }

    fn span(&mut self, first: i64, last: i64) {
        let (a, b) = self.times.unwrap_or((first, last));
        self.times = Some((a.min(first), b.max(last)));
    }

    /// Adds the counts of another part.
    pub(super) fn add(&mut self, part: Self) {
        self.records += part.records;
        self.rows += part.rows;
        for (code, count) in part.rejects {
            *self.rejects.entry(code).or_default() += count;
        }
        for ((stream, event_date), count) in part.rejected {
            self.rejected(stream, event_date, count);
        }
        for (kind, count) in part.other {
            self.others(&kind, count);
        }
        self.log_types.extend(part.log_types);
        if let Some((first, last)) = part.times {
            self.span(first, last);
        }
    }
}
