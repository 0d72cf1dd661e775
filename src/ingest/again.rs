//! `--again`: a content that is in the lake is read anew, and what it gave before leaves the lake with
//! the same commit.
//!
//! Rows carry their source, not their commit. So all that a source gave goes, and all of its contents must
//! be among what is read. The files of an archive are read with it.

use std::collections::{BTreeMap, BTreeSet};

use super::IngestError;
use super::read::{Ended, Outcome};
use crate::cancel::{Cancel, Stopped};
use crate::lake::{Prefixes, Snapshot};
use crate::sources::{Input, Source, enclosing};

/// What is to be replaced.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// URIs of sources of the lake, all of whose contents are read again.
    pub uris: BTreeSet<String>,
    /// URIs of the sources that hold these contents now.
    holders: BTreeSet<String>,
    /// Files in archives that are read again, by their hashes; none where one was not read to its end.
    members: BTreeMap<Option<String>, String>,
}

impl Again {
    /// The sources of the lake whose contents `sources` begin with.
    ///
    /// # Errors
    /// [`IngestError::OtherContent`] when one of them has another content in the lake too.
    pub(super) fn of(sources: &[Source], snapshot: &Snapshot, cancel: &Cancel) -> Result<Self, IngestError> {
        let readings = snapshot.all_readings();
        let mut prefixes = Prefixes::default();
        for (number, (_, source)) in readings.iter().enumerate() {
            prefixes.add(number, source);
        }
        let mut again = Self::default();
        let mut found = vec![false; readings.len()];
        for source in sources.iter().filter(|source| matches!(source.input, Input::File(_))) {
            let Some(size) = source.size() else { continue };
            for number in prefixes.of(source, size, cancel) {
                found[number] = true;
                again.uris.insert(readings[number].1.uri.clone());
                again.holders.insert(source.uri.clone());
            }
        }
        if cancel.is_cancelled() {
            return Err(IngestError::Cancelled(Stopped));
        }
        // Archives of which not all could be read have no reading of their own, and are known by their names.
        let archives: BTreeSet<&str> =
            sources.iter().map(|source| &source.uri).chain(&again.uris).map(String::as_str).collect();
        let mut members = BTreeSet::new();
        for (number, (_, source)) in readings.iter().enumerate() {
            if enclosing(&source.uri).any(|archive| archives.contains(archive)) {
                found[number] = true;
                members.insert(source.uri.clone());
                if !source.archive {
                    again.members.insert(source.sha256.clone(), source.uri.clone());
                }
            }
        }
        again.uris.extend(members);
        let mut others: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for ((commit, source), _) in readings.iter().zip(&found).filter(|(_, found)| !**found) {
            if again.uris.contains(&source.uri) {
                others.entry(&source.uri).or_default().insert(*commit);
            }
        }
        match others.into_iter().next() {
            Some((uri, commits)) => {
                Err(IngestError::OtherContent { uri: uri.to_owned(), commits: commits.into_iter().collect() })
            }
            None => Ok(again),
        }
    }

    /// Makes sure that what is replaced was read again to its end.
    ///
    /// # Errors
    /// [`IngestError::NotAgain`] where it was not.
    pub(super) fn require(&self, ended: &[Ended]) -> Result<(), IngestError> {
        let mut read = BTreeSet::new();
        for Ended { source, outcome, .. } in ended {
            let uri = &source.uri;
            if let Outcome::Read(whole) = outcome {
                read.extend(whole.sha256.as_ref());
            }
            if !self.holders.contains(uri) {
                continue;
            }
            let because = match outcome {
                Outcome::Read(read) | Outcome::Archive(read) if read.sha256.is_some() => continue,
                Outcome::Read(read) | Outcome::Archive(read) => read.problem.clone().unwrap_or_default(),
                Outcome::Failed(problem) => problem.clone(),
                Outcome::NotALog => "it is no longer taken for a log".to_owned(),
                Outcome::Empty => "it holds nothing any more".to_owned(),
            };
            return Err(IngestError::NotAgain { uri: uri.clone(), because });
        }
        let is_missing = |hash: &Option<String>| hash.as_ref().is_none_or(|hash| !read.contains(hash));
        match self.members.iter().find(|(hash, _)| is_missing(hash)) {
            Some((_, uri)) => {
                let because = "the archive no longer holds it".to_owned();
                Err(IngestError::NotAgain { uri: uri.clone(), because })
            }
            None => Ok(()),
        }
    }
}
