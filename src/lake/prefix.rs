//! Which of many contents a source begins with, by their hashes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;

use super::SourceRecord;
use crate::cancel::Cancel;
use crate::hash::sha256;
use crate::sources::{HEAD, Source, Stored};

/// Contents as the lake knows them, each under the number it was added with.
///
/// A source is read once, and only where its first bytes are those of one of them.
#[derive(Debug, Default)]
pub(crate) struct Prefixes {
    /// By the hash of the first bytes.
    heads: HashMap<String, Vec<Content>>,
    /// The lengths of contents that are shorter than a head.
    short: BTreeSet<usize>,
}

#[derive(Debug)]
struct Content {
    number: usize,
    size: u64,
    sha256: String,
}

impl Prefixes {
    /// Adds a content that was read to its end; one that was not has no hash and is not added.
    pub(crate) fn add(&mut self, number: usize, source: &SourceRecord) {
        let (Some(head), Some(sha256)) = (&source.head, &source.sha256) else { return };
        let content = Content { number, size: source.size, sha256: sha256.clone() };
        self.heads.entry(head.clone()).or_default().push(content);
        self.short.extend(usize::try_from(source.size).ok().filter(|&size| size < HEAD));
    }

    /// The numbers of the contents of at most `most` bytes that a source begins with, sorted. A source that
    /// cannot be read begins with none; its reading will tell why.
    pub(crate) fn of(&self, source: &Source, most: u64, cancel: &Cancel) -> Vec<usize> {
        let mut found = Vec::new();
        if self.heads.is_empty() {
            return found;
        }
        let Some(head) = read_head(source) else { return found };
        let lengths = self.short.range(..=head.len()).copied().chain((head.len() == HEAD).then_some(HEAD));
        let mut alike: BTreeMap<u64, Vec<&Content>> = BTreeMap::new();
        for length in lengths {
            let contents = self.heads.get(&sha256(&head[..length]));
            for content in contents.into_iter().flatten() {
                let heads_length = usize::try_from(content.size).unwrap_or(HEAD).min(HEAD);
                if heads_length == length && content.size <= most {
                    alike.entry(content.size).or_default().push(content);
                }
            }
        }
        if alike.is_empty() {
            return found;
        }
        let Ok(reader) = source.open() else { return found };
        let mut stored = Stored::new(reader);
        for (size, contents) in alike {
            let Some(hash) = stored.hash_of(size, &|| !cancel.is_cancelled()) else { break };
            found.extend(contents.iter().filter(|content| content.sha256 == hash).map(|c| c.number));
        }
        found.sort_unstable();
        found
    }
}

/// The first bytes of a source.
fn read_head(source: &Source) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    source.open().ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    Some(head)
}
