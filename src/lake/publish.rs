//! The commit protocol: how a change of a lake becomes visible, all of it or nothing.
//!
//! 1. Files are written to `staging/<batch>/` and brought to the disk.
//! 2. The commit record is written beside them, brought to the disk, and renamed to
//!    `commits/<number>.json`. From this rename on the commit stands.
//! 3. The files move to their places, and the staging folder goes.
//!
//! A process that ends before the rename has changed nothing; one that ends after it leaves a
//! lake that can be read, from staging. Whoever next takes the lock does step 3 for it, or clears
//! what was abandoned before step 2. That writer links the files and leaves the staging folder, which
//! goes a day after its commit: a reader that found a file in staging while nobody wrote can go on reading.
//!
//! Commits are made by [`LakeWriter::change`] alone.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::commit::{Commit, CommitKind};
use super::layout::Layout;
use super::lock::{Lock, Wait};
use super::snapshot::Snapshot;
use super::{LakeError, io as disk};
use crate::cancel::Cancel;
use crate::causes::chain;

/// How long a file, or its name in staging, that is no longer part of the lake stays for readers that began before.
pub const REPLACED_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A lake held for writing.
#[derive(Debug)]
pub struct LakeWriter {
    layout: Layout,
    snapshot: Snapshot,
    batch: String,
    now: Timestamp,
    _lock: Lock,
}

/// A commit that stands.
#[derive(Debug)]
pub struct Published {
    pub commit: Commit,
    /// Why not all its files could be moved to their places; the next write does it.
    pub unfinished: Option<String>,
}

impl LakeWriter {
    /// Takes the lock for `verb`, finishes or clears what earlier writers left, and begins a
    /// batch. `now` names the batch, is the time of its commit, and says which replaced files may go.
    ///
    /// # Errors
    /// As [`Lock::take`], and when the lake is damaged or cannot be written.
    pub fn begin(
        layout: &Layout,
        verb: &str,
        wait: Wait,
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<Self, LakeError> {
        let lock = Lock::take(&layout.lock(), verb, wait, cancel)?;
        let snapshot = recover(layout, now)?;
        let batch = format!("{}-{:08}", now.strftime("%Y%m%dT%H%M%SZ"), snapshot.commit + 1);
        disk::create_dir_all(&layout.batch(&batch))?;
        Ok(Self { layout: layout.clone(), snapshot, batch, now, _lock: lock })
    }

    /// Lets `prepare` stage files and say in a commit what they change, and makes it so. Where it gives
    /// no commit nothing changes, and what it staged goes.
    ///
    /// # Errors
    /// What `prepare` returns, and when the commit could not be made: the lake is then as it was.
    pub fn change<E: From<LakeError>>(
        self,
        prepare: impl FnOnce(&Self) -> Result<Option<Commit>, E>,
    ) -> Result<Option<Published>, E> {
        match prepare(&self) {
            Ok(Some(commit)) => {
                let unfinished = self.publish(&commit)?.map(|error| chain(&error));
                Ok(Some(Published { commit, unfinished }))
            }
            Ok(None) => {
                self.abandon();
                Ok(None)
            }
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    /// Where things stand in the lake.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The lake as it stands before this batch.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The batch's name; its files' names begin with it.
    pub fn batch(&self) -> &str {
        &self.batch
    }

    /// An empty commit of this batch, with its number and time.
    pub fn commit(&self, kind: CommitKind) -> Commit {
        Commit::new(self.snapshot.commit + 1, kind, self.now.as_microsecond(), &self.batch)
    }

    /// The folder for the batch's files.
    pub fn staging(&self) -> PathBuf {
        self.layout.batch(&self.batch)
    }

    /// Where a file that the commit will bring to `place` is to be staged.
    pub fn staged(&self, place: &str) -> PathBuf {
        self.layout.staged(&self.batch, place)
    }

    /// Removes what the batch has staged. What cannot be removed is left to the next writer.
    fn abandon(self) {
        let _ = disk::remove_dir_all(&self.staging());
    }

    /// Makes the staged files that `commit` names part of the lake, and whatever else it says true.
    ///
    /// The answer holds an error when the commit stands but not all its files have moved.
    ///
    /// # Errors
    /// When the commit could not be made: the lake is as it was.
    fn publish(self, commit: &Commit) -> Result<Option<LakeError>, LakeError> {
        let recorded = self.record(commit);
        if let Err(error) = recorded {
            // Where even this cannot be told, nothing is removed: the next writer sees.
            if matches!(self.layout.commit(commit.number).try_exists(), Ok(false)) {
                self.abandon();
                return Err(error);
            }
            return Ok(Some(unfinished(commit, error)));
        }
        match self.finish(commit) {
            Ok(()) => Ok(None),
            Err(error) => Ok(Some(unfinished(commit, error))),
        }
    }

    fn record(&self, commit: &Commit) -> Result<(), LakeError> {
        let files: Vec<PathBuf> =
            files_of(commit).map(|path| self.layout.staged(&commit.batch, path)).collect();
        disk::sync_each(&files, disk::sync_file)?;
        disk::sync_dir(&self.staging())?;
        let path = self.layout.commit(commit.number);
        let text = serde_json::to_vec_pretty(commit)
            .map_err(|source| LakeError::Json { path: path.clone(), source })?;
        disk::write_atomic(&self.staging().join("commit.json"), &path, &text)
    }

    fn finish(&self, commit: &Commit) -> Result<(), LakeError> {
        move_files(&self.layout, commit, disk::rename)?;
        disk::remove_dir_all(&self.staging())
    }
}

fn unfinished(commit: &Commit, error: LakeError) -> LakeError {
    LakeError::Unfinished { commit: commit.number, source: Box::new(error) }
}

/// The files that a commit brings with it, relative to the lake.
fn files_of(commit: &Commit) -> impl Iterator<Item = &str> {
    commit.files_added.iter().map(|file| file.path.as_str()).chain(commit.rejects.as_deref())
}

/// Brings a commit's files from staging to their places; says how many were not there yet.
fn move_files(
    layout: &Layout,
    commit: &Commit,
    bring: fn(&Path, &Path) -> Result<(), LakeError>,
) -> Result<usize, LakeError> {
    let mut moves: Vec<(PathBuf, PathBuf)> = Vec::new();
    for relative in files_of(commit) {
        let (staged, place) = (layout.staged(&commit.batch, relative), layout.root().join(relative));
        // What cannot be asked for must not count as moved: staging is removed next.
        if !disk::exists(&place)? && disk::exists(&staged)? {
            moves.push((staged, place));
        }
    }
    let folders: BTreeSet<&Path> = moves.iter().filter_map(|(_, place)| place.parent()).collect();
    disk::create_dirs_all(folders.iter().copied())?;
    moves.iter().try_for_each(|(staged, place)| bring(staged, place))?;
    let folders: Vec<PathBuf> = folders.into_iter().map(Path::to_path_buf).collect();
    disk::sync_each(&folders, disk::sync_dir)?;
    Ok(moves.len())
}

/// Does what earlier writers left undone; only for the holder of the lock.
fn recover(layout: &Layout, now: Timestamp) -> Result<Snapshot, LakeError> {
    let mut snapshot = Snapshot::read_by_writer(layout)?;
    let commits: HashMap<&str, &Commit> =
        snapshot.commits.iter().map(|commit| (commit.batch.as_str(), commit)).collect();
    let mut brought = 0;
    let limit = now.as_microsecond().saturating_sub(REPLACED_KEPT.as_micros() as i64);
    for (name, path) in list(&layout.staging())? {
        let commit = commits.get(name.as_str());
        if let Some(commit) = commit {
            brought += move_files(layout, commit, disk::link_or_rename)?;
        }
        if commit.is_none_or(|commit| commit.created <= limit) {
            disk::remove_dir_all(&path)?;
        }
    }
    remove_replaced(layout, &snapshot, limit)?;
    if brought > 0 {
        snapshot = Snapshot::read_by_writer(layout)?;
    }
    Ok(snapshot)
}

/// Removes what commits made until `limit` have replaced.
fn remove_replaced(layout: &Layout, snapshot: &Snapshot, limit: i64) -> Result<(), LakeError> {
    let alive: HashSet<&str> = snapshot.files.iter().map(|file| file.record.path.as_str()).collect();
    let old = snapshot.commits.iter().filter(|commit| commit.created <= limit);
    for path in old.flat_map(|commit| &commit.files_replaced).filter(|path| !alive.contains(path.as_str())) {
        let place = layout.root().join(path);
        if place.exists() {
            disk::remove_file(&place)?;
        }
    }
    Ok(())
}

/// The names and paths in a folder, sorted; none where it is missing.
fn list(folder: &Path) -> Result<Vec<(String, PathBuf)>, LakeError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LakeError::io("list", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(LakeError::io("list", folder))?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
