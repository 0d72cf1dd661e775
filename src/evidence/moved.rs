//! Where sources may stand now that are not what they were: rotated, renamed, or moved with their folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::cancel::Cancel;
use crate::lake::{Prefixes, Snapshot};
use crate::sources::{Source, split_members, uri_to_path};

/// Looks for sources by what they held, beside their own places and in files that were named.
pub struct Moved<'a> {
    snapshot: &'a Snapshot,
    files: BTreeSet<&'a str>,
    from: &'a [Source],
    /// By a file that the lake knows, those that begin as it was read once, the longest reading first. Only
    /// made once something is looked for: it reads the first bytes of every file.
    found: Option<BTreeMap<String, Vec<String>>>,
}

impl<'a> Moved<'a> {
    /// Of these URIs; files are looked for in the folders that they stood in, and in `from`.
    pub fn new(snapshot: &'a Snapshot, uris: &'a [String], from: &'a [Source]) -> Self {
        Self { snapshot, files: uris.iter().map(|uri| file_of(uri)).collect(), from, found: None }
    }

    /// The URIs that what stood at a URI may stand at now. An archive's member is looked for in the archives
    /// that begin as its own did.
    pub fn places(&mut self, uri: &str, cancel: &Cancel) -> Vec<String> {
        if self.found.is_none() {
            self.found = Some(self.search(cancel));
        }
        let file = file_of(uri);
        let found = self.found.as_ref().and_then(|found| found.get(file));
        found.into_iter().flatten().map(|other| format!("{other}{}", &uri[file.len()..])).collect()
    }

    fn search(&self, cancel: &Cancel) -> BTreeMap<String, Vec<String>> {
        let wanted = |uri: &str| self.files.contains(uri);
        let sources = self.snapshot.commits.iter().flat_map(|commit| &commit.sources);
        let contents: Vec<_> = sources.filter(|source| wanted(&source.uri)).collect();
        let mut prefixes = Prefixes::default();
        contents.iter().enumerate().for_each(|(number, source)| prefixes.add(number, source));
        let mut found: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
        for candidate in self.candidates() {
            // A pipe has no size, and would wait for somebody to write.
            let Some(size) = candidate.size() else { continue };
            for number in prefixes.of(&candidate, size, cancel) {
                let content = contents[number];
                if content.uri != candidate.uri {
                    let places = found.entry(content.uri.clone()).or_default();
                    places.push((content.size, candidate.uri.clone()));
                }
            }
        }
        found.into_iter().map(|(uri, places)| (uri, longest_first(places))).collect()
    }

    fn candidates(&self) -> Vec<Source> {
        let paths: Vec<_> = self.files.iter().filter_map(|uri| uri_to_path(uri)).collect();
        let folders: BTreeSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
        let entries = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let mut sources: Vec<Source> =
            entries.filter_map(|entry| Some(Source::file(entry.ok()?.path()))).collect();
        sources.extend(self.from.iter().cloned());
        sources.sort_by(|a, b| a.uri.cmp(&b.uri));
        sources.dedup_by(|a, b| a.uri == b.uri);
        sources
    }
}

/// The URI of the file that a source is, or lies in.
fn file_of(uri: &str) -> &str {
    split_members(uri).map_or(uri, |(file, _)| file)
}

fn longest_first(mut places: Vec<(u64, String)>) -> Vec<String> {
    places.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut seen = BTreeSet::new();
    places.into_iter().map(|(_, uri)| uri).filter(|uri| seen.insert(uri.clone())).collect()
}
