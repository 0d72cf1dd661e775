//! From staged files to a commit: duplicates go, rejects are merged, the accounting is checked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::PoisonError;

use super::IngestError;
use super::plan::{Plan, Sieve};
use super::read::{Outcome, Read};
use super::report::{IngestReport, Problem};
use super::tally::Tally;
use super::work::{Product, Staged, Workshop};
use crate::lake::commit::Next;
use crate::lake::dedup::{Dedup, FileNumber, Resolution, Standing};
use crate::lake::{
    Commit, CommitKind, Counts, FileRecord, LakeError, LakeFile, LakeWriter, Layout, SourceRecord, rejects,
    scan, writer,
};

/// The sources that were read, as the commit will have them, and those that turned out to be known.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// By source number.
    read: BTreeMap<usize, Read>,
    dropped: HashSet<String>,
}

/// Sorts how the sources ended into the report.
pub(super) fn sort(
    plan: &Plan,
    outcomes: Vec<(usize, Outcome)>,
    sieve: &mut Sieve,
    report: &mut IngestReport,
) -> Sorted {
    let mut sorted = Sorted::default();
    let outcomes: BTreeMap<usize, Outcome> = outcomes.into_iter().collect();
    for (number, outcome) in outcomes {
        let uri = plan.sources[number].uri.clone();
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
            Outcome::Read(read) => read,
        };
        if read.tail.waiting > 0 {
            report.waiting.push(uri.clone());
        }
        let begun = plan.starts[number].is_some();
        if !begun && read.sha256.as_ref().is_some_and(|hash| !sieve.keeps(&uri, hash)) {
            sorted.dropped.insert(uri);
            continue;
        }
        let problem = read.problem.clone().map(|message| Problem { uri: Some(uri), message });
        report.problems.extend(problem);
        sorted.read.insert(number, read);
    }
    sorted
}

/// Makes the commit of what the workers produced; none where no source was read.
pub(super) fn commit(
    shop: Workshop<'_>,
    mut product: Product,
    mut sorted: Sorted,
    plan: &Plan,
    lake: &LakeWriter,
    created: i64,
    not_a_log: u64,
) -> Result<Option<Commit>, IngestError> {
    // What was gone on with and has no new record is not worth a commit.
    let has_records = |number: &usize| product.tallies.get(number).is_some_and(|tally| tally.records > 0);
    sorted.read.retain(|number, _| plan.starts[*number].is_none() || has_records(number));
    if sorted.read.is_empty() {
        return Ok(None);
    }
    product.tallies.retain(|number, _| sorted.read.contains_key(number));
    let staging = shop.staging.to_path_buf();
    let batch = shop.batch.to_owned();
    let mut file_name = {
        let names = shop.names.into_inner();
        let mut next = names..;
        move || format!("{batch}-{}.parquet", next.next().unwrap_or(u64::MAX))
    };
    let mut dedup = shop.dedup.into_inner().unwrap_or_else(PoisonError::into_inner);
    let rivals = add_rivals(&mut dedup, &product.files, &lake.snapshot().files)?;
    let settled = dedup.resolve(&sorted.dropped)?;
    let mut rewrite = Rewrite { staging, settled: &settled, name: &mut file_name };
    let mut added = Vec::new();
    for staged in &product.files {
        let path = rewrite.staging.join(name_of(&staged.record));
        added.extend(rewrite.file(staged.number, &staged.record, path, true)?);
    }
    let mut replaced = Vec::new();
    for (number, file) in rivals {
        if settled.has_removed(number) {
            added.extend(rewrite.file(number, &file.record, file.path.clone(), false)?);
            replaced.push(&file.record);
        }
    }
    added.sort_by(|a, b| a.path.cmp(&b.path));
    let rejects = rejects(&product, &sorted, lake)?;
    let counts = counts(&product.tallies, &settled, &added, &replaced, not_a_log)?;
    Ok(Some(Commit {
        counts,
        sources: records(plan, &sorted, &product.tallies, &settled),
        files_added: added,
        files_replaced: replaced.iter().map(|file| file.path.clone()).collect(),
        rejects,
        ..Commit::new(lake.number(), CommitKind::Ingest, created, lake.batch())
    }))
}

fn name_of(file: &FileRecord) -> &str {
    file.path.rsplit('/').next().unwrap_or(&file.path)
}

/// Adds the rows of those files of the lake that can hold one equal to a staged row.
fn add_rivals<'a>(
    dedup: &mut Dedup,
    staged: &[Staged],
    files: &'a [LakeFile],
) -> Result<Vec<(FileNumber, &'a LakeFile)>, LakeError> {
    let mut by_date: HashMap<&str, Vec<&FileRecord>> = HashMap::new();
    for staged in staged {
        by_date.entry(&staged.record.event_date).or_default().push(&staged.record);
    }
    let mut rivals = Vec::new();
    for file in files {
        let ours = by_date.get(file.record.event_date.as_str()).map_or(&[][..], Vec::as_slice);
        if !ours.iter().any(|staged| staged.may_share_rows(&file.record)) {
            continue;
        }
        let number = dedup.file(Standing::Committed, file.record.rows as u32);
        scan::each(&file.path, &mut |row, identity, uri, record| {
            dedup.add(number, row, identity, uri, record)
        })?;
        rivals.push((number, file));
    }
    Ok(rivals)
}

/// Takes rows that go out of files.
struct Rewrite<'a> {
    staging: PathBuf,
    settled: &'a Resolution,
    name: &'a mut dyn FnMut() -> String,
}

impl Rewrite<'_> {
    /// What is left of a file, in staging; nothing where all its rows go.
    fn file(
        &mut self,
        number: FileNumber,
        file: &FileRecord,
        path: PathBuf,
        staged: bool,
    ) -> Result<Option<FileRecord>, LakeError> {
        let removed = self.settled.removed(number);
        if removed.is_empty() {
            return Ok(Some(file.clone()));
        }
        let left = if removed.len() as u64 == file.rows {
            None
        } else {
            let to = self.staging.join((self.name)());
            let rewritten = writer::rewrite_without(&path, &removed, &to)?;
            Some(rewritten.record(file.clusters.clone()))
        };
        if staged {
            crate::lake::io::remove_file(&path)?;
        }
        Ok(left)
    }
}

/// Merges the batch's rejects; gives their place in the lake.
fn rejects(product: &Product, sorted: &Sorted, lake: &LakeWriter) -> Result<Option<String>, IngestError> {
    let place = Layout::rejects_place(lake.batch());
    let path = lake.staged(&place);
    let keeps = |uri: &str| !sorted.dropped.contains(uri);
    let kept = rejects::merge_runs(product.rejects.clone(), &path, &keeps)?;
    let counted = product.tallies.values().flat_map(|tally| tally.rejects.values()).sum();
    if kept != counted {
        return Err(IngestError::Unbalanced { records_in: counted, accounted: kept });
    }
    Ok((kept > 0).then_some(place))
}

/// The accounting; rows are counted from the files, all else from what was decoded.
fn counts(
    tallies: &BTreeMap<usize, Tally>,
    settled: &Resolution,
    added: &[FileRecord],
    replaced: &[&FileRecord],
    not_a_log: u64,
) -> Result<Counts, IngestError> {
    let mut all = Tally::default();
    tallies.values().for_each(|tally| all.add(tally.clone()));
    let rows_added: u64 = added.iter().map(|file| file.rows).sum();
    let rows_replaced: u64 = replaced.iter().map(|file| file.rows).sum();
    let counts = Counts {
        records_in: all.records,
        rows: rows_added.saturating_sub(rows_replaced),
        duplicates: settled.duplicates,
        replaced: settled.replaced,
        removed: 0,
        rejects: all.rejects.iter().map(|(code, count)| (code.code().to_owned(), *count)).collect(),
        other: all.other,
        not_a_log,
    };
    if counts.balance() != counts.records_in {
        let (records_in, accounted) = (counts.records_in, counts.balance());
        return Err(IngestError::Unbalanced { records_in, accounted });
    }
    Ok(counts)
}

/// The sources as the commit has them.
fn records(
    plan: &Plan,
    sorted: &Sorted,
    tallies: &BTreeMap<usize, Tally>,
    settled: &Resolution,
) -> Vec<SourceRecord> {
    let nothing = Tally::default();
    let of = |(number, read): (&usize, &Read)| {
        let uri = &plan.sources[*number].uri;
        let first = plan.starts[*number].map_or(0, |start| start.record);
        let tally = tallies.get(number).unwrap_or(&nothing);
        let lost = settled.by_source.get(uri).copied().unwrap_or_default();
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
            next: read.tail.next.map(|offset| Next {
                offset,
                record: (first + tally.records).saturating_sub(read.tail.records),
            }),
            waiting: read.tail.waiting,
        }
    };
    sorted.read.iter().map(of).collect()
}

/// Puts a commit's counts into the report.
pub(super) fn tell(report: &mut IngestReport, commit: &Commit) {
    report.commit = Some(commit.number);
    report.sources = commit.sources.len() as u64;
    report.records_in = commit.counts.records_in;
    report.rows = commit.counts.rows;
    report.rejects = commit.counts.rejects.clone();
    report.duplicates = commit.counts.duplicates;
    report.other = commit.counts.other.clone();
    report.bytes_stored = commit.sources.iter().map(|source| source.size).sum();
    report.bytes_decompressed = commit.sources.iter().map(|source| source.decompressed).sum();
    report.bytes_out = commit.files_added.iter().map(|file| file.bytes).sum();
    report.files = commit.files_added.len() as u64;
}
