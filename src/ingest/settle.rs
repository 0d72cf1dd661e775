//! Staged files against each other and against the lake: duplicates go, and so do the rows of sources that
//! leave the lake.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::work::Staged;
use crate::lake::dedup::{Dedup, FileNumber, Resolution, Standing};
use crate::lake::{FileRecord, LakeError, LakeFile, LakeWriter, io, scan, taken, writer};

/// What a commit does to the files of rows.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Sorted by path.
    pub added: Vec<FileRecord>,
    /// Paths of files of the lake, sorted.
    pub replaced: Vec<String>,
    /// By how many rows the lake grows, but for those removed.
    pub rows: u64,
    /// Rows of the sources that leave it.
    pub removed: u64,
    pub duplicates: Resolution,
}

/// Which rows go besides the duplicates.
pub(super) struct Leaving<'a> {
    /// Sources whose staged rows are not to be kept.
    pub staged: &'a HashSet<String>,
    /// Sources whose rows leave the lake.
    pub committed: &'a BTreeSet<String>,
}

/// Settles which rows stay, and writes the files anew that do not stay as they are.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn settle(
    mut dedup: Dedup,
    staged: &[Staged],
    leaving: &Leaving<'_>,
    lake: &LakeWriter,
    name: &mut dyn FnMut() -> String,
) -> Result<Settled, LakeError> {
    let files = &lake.snapshot().files;
    let staging = lake.staging();
    let rivals = add_rivals(&mut dedup, staged, &staging, files, leaving.committed)?;
    let mut settled = Settled { duplicates: dedup.resolve(leaving.staged)?, ..Settled::default() };
    for file in staged {
        let path = staging.join(name_of(&file.record));
        let gone = settled.duplicates.removed(file.number);
        if gone.is_empty() {
            settled.added.push(file.record.clone());
            continue;
        }
        settled.added.extend(without(&path, &file.record, &gone, &staging, name)?);
        io::remove_file(&path)?;
    }
    let mut rows_replaced = 0;
    for (at, file) in files.iter().enumerate() {
        let mut gone = taken::rows(&file.path, leaving.committed)?;
        settled.removed += gone.len() as u64;
        if let Some(number) = rivals.get(&at) {
            gone.extend(settled.duplicates.removed(*number));
            gone.sort_unstable();
        }
        if !gone.is_empty() {
            settled.added.extend(without(&file.path, &file.record, &gone, &staging, name)?);
            settled.replaced.push(file.record.path.clone());
            rows_replaced += file.record.rows;
        }
    }
    settled.added.sort_by(|a, b| a.path.cmp(&b.path));
    let rows_added: u64 = settled.added.iter().map(|file| file.rows).sum();
    settled.rows = (rows_added + settled.removed).saturating_sub(rows_replaced);
    Ok(settled)
}

fn name_of(file: &FileRecord) -> &str {
    file.path.rsplit('/').next().unwrap_or(&file.path)
}

/// Adds the rows of the lake that can be equal to a staged row, under the numbers of their files, which are given by the
/// files' places in `files`. Rows of sources in `leaving` are equal to none.
fn add_rivals(
    dedup: &mut Dedup,
    staged: &[Staged],
    staging: &Path,
    files: &[LakeFile],
    leaving: &BTreeSet<String>,
) -> Result<HashMap<usize, FileNumber>, LakeError> {
    let rivals = rivals(staged, files);
    if rivals.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = staged.iter().map(|file| file.record.rows).sum();
    let paths: Vec<PathBuf> = staged.iter().map(|file| staging.join(name_of(&file.record))).collect();
    let times = scan::times(rows, paths.iter().map(PathBuf::as_path))?;
    let mut numbers = HashMap::new();
    for (at, file) in rivals {
        let number = dedup.file(Standing::Committed, file.record.rows as u32);
        scan::each_at(&file.path, &times, &mut |row, identity, uri, record, salvaged| {
            if leaving.contains(uri) {
                return Ok(());
            }
            let source = dedup.source(uri);
            dedup.add(number, row, identity, source, record, salvaged)
        })?;
        numbers.insert(at, number);
    }
    Ok(numbers)
}

/// The files of the lake that can hold a row equal to a staged one, with their places.
fn rivals<'a>(staged: &[Staged], files: &'a [LakeFile]) -> Vec<(usize, &'a LakeFile)> {
    let mut by_date: HashMap<&str, Vec<&FileRecord>> = HashMap::new();
    for staged in staged {
        by_date.entry(&staged.record.event_date).or_default().push(&staged.record);
    }
    let is_rival = |(_, file): &(usize, &LakeFile)| {
        let ours = by_date.get(file.record.event_date.as_str()).map_or(&[][..], Vec::as_slice);
        ours.iter().any(|staged| staged.may_share_rows(&file.record))
    };
    files.iter().enumerate().filter(is_rival).collect()
}

/// What is left of a file without some of its rows, in staging; nothing where all of them go.
fn without(
    path: &Path,
    file: &FileRecord,
    gone: &[u32],
    staging: &Path,
    name: &mut dyn FnMut() -> String,
) -> Result<Option<FileRecord>, LakeError> {
    if gone.len() as u64 == file.rows {
        return Ok(None);
    }
    let to: PathBuf = staging.join(name());
    let left = writer::rewrite_without(path, gone, &to)?;
    Ok(Some(left.record(file.clusters.clone())))
}
