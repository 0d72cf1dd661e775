//! From staged files to a commit: duplicates go, rejects are merged, the accounting is checked.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::PoisonError;

use super::IngestError;
use super::again::Again;
use super::ledger::Ledger;
use super::options::IngestOptions;
use super::plan::Sieve;
use super::read::{Ended, Outcome, Read};
use super::report::{IngestReport, Problem};
use super::settle::{Leaving, Settled, settle};
use super::tally::Tally;
use super::work::{Product, Workshop};
use crate::lake::commit::Next;
use crate::lake::{Commit, Counts, LakeWriter, Layout, SourceRecord, drop, rejects, taken};
use crate::sources::Source;

/// The sources that were read, as the commit will have them, and those that turned out to be known.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// By source number.
    read: BTreeMap<usize, Kept>,
    dropped: HashSet<String>,
}

/// A source that was read.
#[derive(Debug)]
struct Kept {
    source: Source,
    start: Option<Next>,
    read: Read,
    is_archive: bool,
}

/// Sorts how the sources ended into the report, in the order of their URIs.
pub(super) fn sort(mut ended: Vec<Ended>, sieve: &mut Sieve, report: &mut IngestReport) -> Sorted {
    let mut sorted = Sorted::default();
    ended.sort_by(|a, b| a.source.uri.cmp(&b.source.uri));
    let mut archives = Vec::new();
    for Ended { number, source, start, outcome } in ended {
        let uri = source.uri.clone();
        let read = match outcome {
            Outcome::NotALog => {
                report.not_a_log.push(uri);
                continue;
            }
            Outcome::Empty => {
                report.empty.push(uri);
                continue;
            }
            Outcome::Failed(message) => {
                report.problems.push(Problem { uri: Some(uri), message });
                continue;
            }
            Outcome::Archive(read) => {
                let message = read.problem.clone();
                report.problems.extend(message.map(|message| Problem { uri: Some(uri), message }));
                archives.push((number, source, read));
                continue;
            }
            Outcome::Read(read) => read,
        };
        if read.tail.waiting > 0 {
            report.waiting.push(uri.clone());
        }
        if start.is_none() && read.sha256.as_ref().is_some_and(|hash| !sieve.keeps(&uri, hash)) {
            sorted.dropped.insert(uri);
            continue;
        }
        let problem = read.problem.clone().map(|message| Problem { uri: Some(uri), message });
        report.problems.extend(problem);
        sorted.read.insert(number, Kept { source, start, read, is_archive: false });
    }
    for (number, source, read) in archives {
        // One with a file that is known from elsewhere, or that could not be read, may have more to give another time.
        let prefix = format!("{}!", source.uri);
        let inside = |member: &str| member.starts_with(&prefix);
        let failed = report.problems.iter().filter_map(|problem| problem.uri.as_deref()).any(inside);
        if !failed && !sorted.dropped.iter().any(|member| inside(member)) {
            sorted.read.insert(number, Kept { source, start: None, read, is_archive: true });
        }
    }
    sorted
}

/// Makes `commit` of what the workers produced; none where no source was read.
pub(super) fn commit(
    shop: Workshop<'_>,
    mut product: Product,
    mut sorted: Sorted,
    lake: &LakeWriter,
    options: &IngestOptions,
    again: &Again,
    mut commit: Commit,
) -> Result<Option<Commit>, IngestError> {
    // What was gone on with and has no new record is not worth a commit.
    let has_records = |number: &usize| product.tallies.get(number).is_some_and(|tally| tally.records > 0);
    sorted.read.retain(|number, kept| kept.start.is_none() || has_records(number));
    if sorted.read.is_empty() {
        return Ok(None);
    }
    product.tallies.retain(|number, _| sorted.read.contains_key(number));
    let batch = shop.batch.to_owned();
    let mut file_name = {
        let names = shop.names.into_inner();
        let mut next = names..;
        move || format!("{batch}-{}.parquet", next.next().unwrap_or(u64::MAX))
    };
    let dedup = shop.dedup.into_inner().unwrap_or_else(PoisonError::into_inner);
    let leaving = Leaving { staged: &sorted.dropped, committed: &again.uris };
    let settled = settle(dedup, &product.files, &leaving, lake, &mut file_name)?;
    rejects(&product, &sorted, &again.uris, lake, &mut commit)?;
    commit.counts = counts(&product.tallies, &settled, commit.counts.not_a_log)?;
    commit.sources = records(&sorted, &product.tallies, &shop.ledger, &settled, options);
    commit.files_added = settled.added;
    commit.files_replaced.extend(settled.replaced);
    if !again.uris.is_empty() {
        let neighbours = drop::neighbours(lake.snapshot(), &again.uris);
        drop::forget(lake.snapshot(), &again.uris, &neighbours, &mut commit);
    }
    Ok(Some(commit))
}

/// Merges the batch's rejects with those that stay of the files that hold some of `leaving`.
fn rejects(
    product: &Product,
    sorted: &Sorted,
    leaving: &BTreeSet<String>,
    lake: &LakeWriter,
    commit: &mut Commit,
) -> Result<(), IngestError> {
    let place = Layout::rejects_place(lake.batch());
    let path = lake.staged(&place);
    let left = taken::rejects(lake, leaving)?;
    let runs = product.rejects.iter().cloned().chain(left.runs).collect();
    let kept = rejects::merge_runs(runs, &path, &|uri| !sorted.dropped.contains(uri))?;
    let counted: u64 = product.tallies.values().flat_map(|tally| tally.rejects.values()).sum();
    if kept != counted + left.left {
        return Err(IngestError::Unbalanced { records_in: counted + left.left, accounted: kept });
    }
    commit.rejects = (kept > 0).then_some(place);
    commit.rejects_held = (left.left > 0).then_some(kept);
    commit.rejects_removed = (!leaving.is_empty()).then_some(left.removed);
    commit.files_replaced = left.replaced;
    Ok(())
}

/// The accounting; rows are counted from the files, all else from what was decoded.
fn counts(
    tallies: &BTreeMap<usize, Tally>,
    settled: &Settled,
    not_a_log: u64,
) -> Result<Counts, IngestError> {
    let mut all = Tally::default();
    tallies.values().for_each(|tally| all.add(tally.clone()));
    let counts = Counts {
        records_in: all.records,
        rows: settled.rows,
        duplicates: settled.duplicates.duplicates,
        replaced: settled.duplicates.replaced,
        removed: settled.removed,
        rejects: all.rejects.iter().map(|(code, count)| (code.code().to_owned(), *count)).collect(),
        other: all.other,
        not_a_log,
    };
    balanced(counts)
}

/// The counts, if they add up.
pub(super) fn balanced(counts: Counts) -> Result<Counts, IngestError> {
    if counts.balance() == counts.records_in {
        return Ok(counts);
    }
    Err(IngestError::Unbalanced { records_in: counts.records_in, accounted: counts.balance() })
}

/// The sources as the commit has them.
fn records(
    sorted: &Sorted,
    tallies: &BTreeMap<usize, Tally>,
    ledger: &Ledger,
    settled: &Settled,
    options: &IngestOptions,
) -> Vec<SourceRecord> {
    let nothing = Tally::default();
    let of = |(number, kept): (&usize, &Kept)| {
        let Kept { source, start, read, is_archive } = kept;
        let uri = &source.uri;
        let first = start.map_or(0, |start| start.record);
        let tally = tallies.get(number).unwrap_or(&nothing);
        let taken = if read.tail.again { ledger.before_last_frame(*number) } else { tally.records };
        let lost = settled.duplicates.by_source.get(uri).copied().unwrap_or_default();
        SourceRecord {
            uri: uri.clone(),
            size: read.size,
            sha256: read.sha256.clone(),
            decompressed: read.decompressed,
            log_types: tally.log_types.iter().map(|kind| kind.as_str().to_owned()).collect(),
            records: tally.records,
            rows: tally.rows.saturating_sub(lost),
            first_time: tally.times.map(|(first, _)| first),
            last_time: tally.times.map(|(_, last)| last),
            problem: read.problem.clone(),
            duplicates: lost,
            head: Some(read.head.clone()),
            next: read.tail.next.map(|offset| Next { offset, record: first + taken }),
            waiting: read.tail.waiting,
            other: tally.kinds(),
            given: options.given(source),
            rejected: tally.places(),
            archive: *is_archive,
        }
    };
    let mut records: Vec<SourceRecord> = sorted.read.iter().map(of).collect();
    records.sort_by(|a, b| a.uri.cmp(&b.uri));
    records
}

/// Puts a commit's counts into the report.
pub(super) fn tell(report: &mut IngestReport, commit: &Commit) {
    report.commit = Some(commit.number);
    let is_file = |source: &&SourceRecord| !source.archive;
    report.sources = commit.sources.iter().filter(is_file).count() as u64;
    report.records_in = commit.counts.records_in;
    report.rows = commit.counts.rows;
    report.removed = commit.counts.removed;
    report.rejects = commit.counts.rejects.clone();
    report.duplicates = commit.counts.duplicates;
    report.other = commit.counts.other.clone();
    report.bytes_stored = commit.sources.iter().filter(is_file).map(|source| source.size).sum();
    report.bytes_decompressed = commit.sources.iter().filter(is_file).map(|source| source.decompressed).sum();
    report.bytes_out = commit.files_added.iter().map(|file| file.bytes).sum();
    report.files = commit.files_added.len() as u64;
}
