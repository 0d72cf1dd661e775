//! Finds records that arrived twice, exactly, within a memory budget.
//!
//! Each row goes to one of 256 buckets by the first byte of its identity. Where they fill the budget, they are
//! appended to a file, one bucket after another. In the end each bucket is loaded alone (in parts by the second
//! byte where it is larger than the budget), sorted, and equal identities are settled: of those that are
//! whole, or else of all, the row with the smallest (source_uri, source_record) stays. What is remembered
//! of the others is one bit for each row of a file that has some.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::{LakeError, io as disk};
use crate::normalize::Identity;

const BUCKETS: usize = 256;

/// Bytes of an entry in the file.
const STORED: usize = 36;

/// Bytes of the file that are read at once.
const READ: usize = 256 << 10;

/// The number of a file whose rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNumber(u32);

/// The number of a source whose rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceNumber(u32);

/// Whether a file belongs to the lake already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Staged,
    Committed,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    identity: Identity,
    record: i64,
    uri: u32,
    file: u32,
    row: u32,
    salvaged: bool,
}

/// Of a stored row's number: whether the row was salvaged. No file has so many rows.
const SALVAGED: u32 = 1 << 31;

/// Collects the rows of an ingest, then those of the lake that they can be equal to.
#[derive(Debug)]
pub struct Dedup {
    /// The file for what is spilled.
    path: PathBuf,
    /// Entries that may be held in memory.
    budget: usize,
    held: usize,
    buckets: Vec<Bucket>,
    spills: Vec<Spill>,
    uris: Uris,
    files: Vec<(Standing, u32)>,
}

/// Entries that grow in blocks: 256 growing vectors had room for twice what they held, and left as much behind.
#[derive(Debug, Clone, Default)]
struct Bucket(Vec<Vec<Entry>>);

impl Bucket {
    const BLOCK: usize = 64;

    fn push(&mut self, entry: Entry) {
        match self.0.last_mut() {
            Some(block) if block.len() < Self::BLOCK => block.push(entry),
            _ => {
                let mut block = Vec::with_capacity(Self::BLOCK);
                block.push(entry);
                self.0.push(block);
            }
        }
    }

    fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flatten()
    }
}

/// What was appended to the file at once.
#[derive(Debug)]
struct Spill {
    /// Entries in front of it.
    start: u64,
    /// Entries of each bucket.
    lengths: Vec<u32>,
}

impl Spill {
    fn end(&self) -> u64 {
        self.start_of(self.lengths.len())
    }

    fn start_of(&self, bucket: usize) -> u64 {
        self.start + self.lengths[..bucket].iter().copied().map(u64::from).sum::<u64>()
    }
}

/// Source URIs by number.
#[derive(Debug, Default)]
struct Uris {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
    last: u32,
}

impl Uris {
    fn number(&mut self, uri: &str) -> u32 {
        if self.names.get(self.last as usize).is_some_and(|last| last == uri) {
            return self.last;
        }
        self.last = match self.numbers.get(uri) {
            Some(&number) => number,
            None => {
                let number = self.names.len() as u32;
                self.names.push(uri.to_owned());
                self.numbers.insert(uri.to_owned(), number);
                number
            }
        };
        self.last
    }

    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }
}

impl Dedup {
    /// Makes the file `path` for what does not fit into `budget` bytes.
    pub fn new(path: PathBuf, budget: usize) -> Self {
        Self {
            path,
            budget: (budget / size_of::<Entry>()).max(1),
            held: 0,
            buckets: vec![Bucket::default(); BUCKETS],
            spills: Vec::new(),
            uris: Uris::default(),
            files: Vec::new(),
        }
    }

    /// Announces a file of so many rows; its rows are then added under the number.
    pub fn file(&mut self, standing: Standing, rows: u32) -> FileNumber {
        self.files.push((standing, rows));
        FileNumber(self.files.len() as u32 - 1)
    }

    /// The number of a source, by which its rows are added.
    pub fn source(&mut self, uri: &str) -> SourceNumber {
        SourceNumber(self.uris.number(uri))
    }

    /// Adds a row of a file, with its record's number in its source, and whether it is what was left of a cut record.
    ///
    /// # Errors
    /// When the budget is used up and the file cannot be written.
    pub fn add(
        &mut self,
        file: FileNumber,
        row: u32,
        identity: Identity,
        SourceNumber(uri): SourceNumber,
        source_record: i64,
        salvaged: bool,
    ) -> Result<(), LakeError> {
        let entry = Entry { identity, record: source_record, uri, file: file.0, row, salvaged };
        self.buckets[usize::from(identity.0[0])].push(entry);
        self.held += 1;
        if self.held >= self.budget { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), LakeError> {
        let mut file = disk::append(&self.path)?;
        for entry in self.buckets.iter().flat_map(Bucket::iter) {
            file.write_all(&store(entry)).map_err(LakeError::io("write", &self.path))?;
        }
        file.close()?;
        let start = self.spills.last().map_or(0, Spill::end);
        let lengths = self.buckets.iter().map(|bucket| bucket.len() as u32).collect();
        self.spills.push(Spill { start, lengths });
        self.buckets.fill(Bucket::default());
        self.held = 0;
        Ok(())
    }

    /// Settles which rows go. Staged rows of the sources in `dropped` go without being compared or
    /// counted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn resolve(mut self, dropped: &HashSet<String>) -> Result<Resolution, LakeError> {
        let dropped: HashSet<u32> =
            dropped.iter().filter_map(|uri| self.uris.numbers.get(uri)).copied().collect();
        let mut settled = Resolution::default();
        for bucket in 0..BUCKETS {
            let memory = std::mem::take(&mut self.buckets[bucket]);
            let spilled: usize = self.spills.iter().map(|spill| spill.lengths[bucket] as usize).sum();
            let parts = (spilled + memory.len()).div_ceil(self.budget).clamp(1, 256);
            for part in 0..parts {
                let of_part = |entry: &Entry| usize::from(entry.identity.0[1]) * parts / 256 == part;
                let mut entries: Vec<Entry> = memory.iter().copied().filter(of_part).collect();
                self.load(bucket, &of_part, &mut entries).map_err(LakeError::io("read", &self.path))?;
                self.settle(entries, &dropped, &mut settled);
            }
        }
        if !self.spills.is_empty() {
            disk::remove_file(&self.path)?;
        }
        Ok(settled)
    }

    fn load(
        &self,
        bucket: usize,
        wanted: &dyn Fn(&Entry) -> bool,
        entries: &mut Vec<Entry>,
    ) -> io::Result<()> {
        if self.spills.is_empty() {
            return Ok(());
        }
        let mut file = File::open(&self.path)?;
        let mut bytes = [0; STORED];
        for spill in &self.spills {
            file.seek(SeekFrom::Start(spill.start_of(bucket) * STORED as u64))?;
            let length = spill.lengths[bucket] as usize * STORED;
            let mut file = BufReader::with_capacity(length.min(READ), (&file).take(length as u64));
            for _ in 0..spill.lengths[bucket] {
                file.read_exact(&mut bytes)?;
                let entry = restore(&bytes);
                if wanted(&entry) {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    fn standing(&self, entry: &Entry) -> Standing {
        self.files[entry.file as usize].0
    }

    fn settle(&self, mut entries: Vec<Entry>, dropped: &HashSet<u32>, settled: &mut Resolution) {
        if !dropped.is_empty() {
            entries.retain(|entry| {
                let goes = self.standing(entry) == Standing::Staged && dropped.contains(&entry.uri);
                if goes {
                    self.remove(entry, settled);
                }
                !goes
            });
        }
        entries.sort_unstable_by_key(|entry| u128::from_be_bytes(entry.identity.0));
        for equal in entries.chunk_by_mut(|a, b| a.identity == b.identity) {
            if equal.len() > 1 {
                equal.sort_unstable_by(|a, b| self.order(a, b));
                self.settle_equal(equal, settled);
            }
        }
    }

    /// Which of two equal rows stays. What was left of a cut record gives way to the whole one. A row that is in the
    /// lake stays before the same record read again, so that nothing is rewritten for it.
    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        let staged = |entry: &Entry| self.standing(entry) == Standing::Staged;
        a.salvaged
            .cmp(&b.salvaged)
            .then_with(|| self.uris.name(a.uri).cmp(self.uris.name(b.uri)))
            .then(a.record.cmp(&b.record))
            .then(staged(a).cmp(&staged(b)))
            .then((a.file, a.row).cmp(&(b.file, b.row)))
    }

    /// Rows with one identity, in order; the first stays. Should the lake itself hold several,
    /// those are not this ingest's to remove.
    fn settle_equal(&self, equal: &[Entry], settled: &mut Resolution) {
        let committed = |entry: &&Entry| self.standing(entry) == Standing::Committed;
        if equal.iter().all(|entry| committed(&entry)) {
            return;
        }
        let first_committed = equal.iter().find(committed).map(|entry| (entry.file, entry.row));
        let ours = |entry: &&Entry| {
            self.standing(entry) == Standing::Staged || Some((entry.file, entry.row)) == first_committed
        };
        for loser in equal.iter().filter(ours).skip(1) {
            self.remove(loser, settled);
            settled.duplicates += 1;
            match self.standing(loser) {
                Standing::Committed => settled.replaced += 1,
                Standing::Staged => {
                    *settled.by_source.entry(self.uris.name(loser.uri).to_owned()).or_default() += 1;
                }
            }
        }
    }

    fn remove(&self, entry: &Entry, settled: &mut Resolution) {
        let rows = self.files[entry.file as usize].1 as usize;
        let bits =
            settled.removed.entry(FileNumber(entry.file)).or_insert_with(|| vec![0; rows.div_ceil(64)]);
        bits[entry.row as usize / 64] |= 1 << (entry.row % 64);
    }
}

fn store(entry: &Entry) -> [u8; STORED] {
    let mut bytes = [0; STORED];
    bytes[..16].copy_from_slice(&entry.identity.0);
    bytes[16..24].copy_from_slice(&entry.record.to_le_bytes());
    bytes[24..28].copy_from_slice(&entry.uri.to_le_bytes());
    bytes[28..32].copy_from_slice(&entry.file.to_le_bytes());
    let row = if entry.salvaged { entry.row | SALVAGED } else { entry.row };
    bytes[32..].copy_from_slice(&row.to_le_bytes());
    bytes
}

fn restore(bytes: &[u8; STORED]) -> Entry {
    let mut identity = [0; 16];
    identity.copy_from_slice(&bytes[..16]);
    let mut record = [0; 8];
    record.copy_from_slice(&bytes[16..24]);
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    Entry {
        identity: Identity(identity),
        record: i64::from_le_bytes(record),
        uri: number(24),
        file: number(28),
        row: number(32) & !SALVAGED,
        salvaged: number(32) & SALVAGED != 0,
    }
}

/// Which rows go.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Rows that were equal to one that stays.
    pub duplicates: u64,
    /// Those of them that were in the lake.
    pub replaced: u64,
    /// Those of them that were staged, by source.
    pub by_source: BTreeMap<String, u64>,
    removed: BTreeMap<FileNumber, Vec<u64>>,
}

impl Resolution {
    /// The rows of a file that go, sorted; empty for a file that stays as it is.
    pub fn removed(&self, file: FileNumber) -> Vec<u32> {
        let bits = self.removed.get(&file).map_or(&[][..], Vec::as_slice);
        let of_word = |(number, &word): (usize, &u64)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| number as u32 * 64 + bit)
        };
        bits.iter().enumerate().flat_map(of_word).collect()
    }
}

#[cfg(test)]
#[path = "dedup_tests.rs"]
mod tests;
