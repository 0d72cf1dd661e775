//! What could not be read: `_kubetrawl/rejects/<batch>.ndjson.zst`, one JSON object a line, sorted
//! by (source, record).
//!
//! While an ingest runs, each worker writes sorted runs to staging; at the end they are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{LakeError, io as disk};
use crate::decode::Reject;
use crate::hash::{from_hex, hex, sha256};
use crate::normalize::redact;

/// Runs merged at a time. A line holds at most 1 MiB of the record, six times that when escaped.
const FAN_IN: usize = 16;

const LEVEL: i32 = 3;

/// One rejected record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RejectRecord {
    pub source: String,
    /// The record's number in its source, from 0.
    pub record: u64,
    /// Of the outermost value or line, after decompression.
    pub offset: u64,
    /// Bytes of the record in its source.
    pub length: u64,
    /// Of these bytes, before anything was masked, in lower case hex.
    pub sha256: String,
    /// The kind of reject: [`crate::decode::RejectCode::code`].
    pub reason: String,
    pub detail: String,
    /// The bytes that are kept, secret values masked, where they are UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The same bytes in hex where they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hex: Option<String>,
    /// What it was found in, where that held more than this record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part: Option<Part>,
}

/// Which record of a value or line a reject is: without what stands around it, a part says less than it did there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// From 0.
    pub index: u64,
    /// Bytes of the whole value or line.
    pub length: u64,
    /// Of these bytes, in lower case hex.
    pub sha256: String,
}

impl RejectRecord {
    /// What is kept of a reject at this place.
    pub fn new(source: &str, record: u64, offset: u64, reject: &Reject<'_>) -> Self {
        let kept = redact::reject_bytes(reject.bytes);
        let (text, hexed) = match String::from_utf8(kept) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(hex(error.as_bytes()))),
        };
        Self {
            source: source.to_owned(),
            record,
            offset,
            length: reject.bytes.len() as u64,
            sha256: sha256(reject.bytes),
            reason: reject.reason.code.code().to_owned(),
            detail: reject.reason.detail.clone(),
            text,
            hex: hexed,
            part: None,
        }
    }

    /// The bytes that are kept; none where the record itself is damaged.
    pub fn kept(&self) -> Option<Vec<u8>> {
        match (&self.text, &self.hex) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(hex)) => from_hex(hex),
            (None, None) => None,
        }
    }

    /// About how much memory the record takes.
    pub fn memory(&self) -> usize {
        let kept = self.text.as_ref().or(self.hex.as_ref()).map_or(0, String::capacity);
        size_of::<Self>() + self.source.len() + self.detail.len() + kept + 128
    }
}

/// Sorts `records` and writes them to `path` as one run.
pub fn write_run(records: &mut Vec<RejectRecord>, path: &Path) -> Result<(), LakeError> {
    records.sort_unstable();
    let mut file = disk::create(path)?;
    for record in records.drain(..) {
        write_line(&mut file, &record, path)?;
    }
    file.close()
}

fn write_line(file: &mut impl Write, record: &RejectRecord, path: &Path) -> Result<(), LakeError> {
    serde_json::to_writer(&mut *file, record).map_err(|e| LakeError::io("write", path)(e.into()))?;
    file.write_all(b"\n").map_err(LakeError::io("write", path))
}

/// Merges runs into the batch's rejects file at `to`, passing over the sources of which `keep`
/// does not say so. Says how many records it holds; there is no file where there are none.
pub fn merge_runs(runs: Vec<PathBuf>, to: &Path, keep: &dyn Fn(&str) -> bool) -> Result<u64, LakeError> {
    let mut out = RejectWriter::new(to);
    each(runs, to, &mut |record| if keep(&record.source) { out.write(&record) } else { Ok(()) })?;
    out.finish()
}

/// Takes the records of all runs, in their order, and removes the runs. What it needs besides is written beside
/// `to`.
pub fn each(
    mut runs: Vec<PathBuf>,
    to: &Path,
    take: &mut dyn FnMut(RejectRecord) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let mut round = 0;
    while runs.len() > FAN_IN {
        let rest = runs.split_off(FAN_IN);
        let merged = to.with_extension(format!("run-{round}"));
        let mut file = disk::create(&merged)?;
        merge(&runs, &mut |record| write_line(&mut file, &record, &merged))?;
        file.close()?;
        runs.iter().try_for_each(|run| disk::remove_file(run))?;
        runs = rest;
        runs.push(merged);
        round += 1;
    }
    merge(&runs, take)?;
    runs.iter().try_for_each(|run| disk::remove_file(run))
}

/// Writes a batch's rejects file; there is none until the first record.
pub struct RejectWriter<'a> {
    to: &'a Path,
    out: Option<zstd::Encoder<'static, disk::OutFile>>,
    records: u64,
}

impl<'a> RejectWriter<'a> {
    /// A writer of a file at `to`.
    pub fn new(to: &'a Path) -> Self {
        Self { to, out: None, records: 0 }
    }

    /// Writes a record; they come in their order.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn write(&mut self, record: &RejectRecord) -> Result<(), LakeError> {
        let encoder = match &mut self.out {
            Some(encoder) => encoder,
            none => {
                let file = disk::create(self.to)?;
                none.insert(zstd::Encoder::new(file, LEVEL).map_err(LakeError::io("write", self.to))?)
            }
        };
        self.records += 1;
        write_line(encoder, record, self.to)
    }

    /// Brings the file to the disk; says how many records it holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<u64, LakeError> {
        if let Some(encoder) = self.out {
            encoder.finish().map_err(LakeError::io("write", self.to))?.finish()?;
        }
        Ok(self.records)
    }
}

/// Copies a batch's rejects file to a run, passing over the sources of which `keep` does not say so.
/// Says how many records were copied.
pub fn unpack(path: &Path, run: &Path, keep: &dyn Fn(&str) -> bool) -> Result<u64, LakeError> {
    let mut file = disk::create(run)?;
    let mut copied = 0;
    for record in read(path)? {
        let record = record?;
        if keep(&record.source) {
            write_line(&mut file, &record, run)?;
            copied += 1;
        }
    }
    file.close()?;
    Ok(copied)
}

fn merge(
    runs: &[PathBuf],
    take: &mut dyn FnMut(RejectRecord) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let mut readers = Vec::with_capacity(runs.len());
    let mut heads = BinaryHeap::new();
    for (number, run) in runs.iter().enumerate() {
        let file = File::open(run).map_err(LakeError::io("read", run))?;
        let mut reader = RejectReader { path: run.clone(), lines: BufReader::new(file).lines() };
        if let Some(record) = reader.next().transpose()? {
            heads.push(Reverse((record, number)));
        }
        readers.push(reader);
    }
    while let Some(Reverse((record, number))) = heads.pop() {
        take(record)?;
        if let Some(next) = readers[number].next().transpose()? {
            heads.push(Reverse((next, number)));
        }
    }
    Ok(())
}

/// Reads rejects one by one.
pub struct RejectReader<R> {
    path: PathBuf,
    lines: Lines<R>,
}

/// The records of a rejects file, in its order.
///
/// # Errors
/// When the file cannot be opened; later errors come as items.
pub fn read(path: &Path) -> Result<RejectReader<Box<dyn BufRead>>, LakeError> {
    let decoder = File::open(path).and_then(zstd::Decoder::new).map_err(LakeError::io("read", path))?;
    let reader: Box<dyn BufRead> = Box::new(BufReader::new(decoder));
    Ok(RejectReader { path: path.to_path_buf(), lines: reader.lines() })
}

impl<R: BufRead> Iterator for RejectReader<R> {
    type Item = Result<RejectRecord, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?.map_err(LakeError::io("read", &self.path));
        Some(line.and_then(|line| {
            serde_json::from_str(&line).map_err(|source| LakeError::Json { path: self.path.clone(), source })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{RejectCode, RejectReason};

    fn reject(source: &str, record: u64, bytes: &[u8]) -> RejectRecord {
        let reason = RejectReason { code: RejectCode::NotJson, detail: "it is \"text\"".into() };
        RejectRecord::new(source, record, 7, &Reject { reason, bytes })
    }

    #[test]
    fn bytes_come_back_whatever_they_are() {
        for bytes in [&b"plain \"text\"\n"[..], b"\xff\x00\xfe", b""] {
            let record = reject("a", 0, bytes);
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<RejectRecord>(&text).unwrap(), record);
            assert_eq!(record.kept().unwrap(), bytes);
        }
    }

    #[test]
    fn many_runs_become_one_sorted_file_without_the_sources_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = Vec::new();
        for run in 0..40_u64 {
            let path = folder.path().join(format!("run{run}"));
            let mut records: Vec<_> = (0..3).map(|n| reject("b", n * 100 + run, b"x")).collect();
            records.push(reject("a", run, b"y"));
            write_run(&mut records, &path).unwrap();
            runs.push(path);
        }
        let to = folder.path().join("all.ndjson.zst");
        assert_eq!(merge_runs(runs, &to, &|source| source != "a").unwrap(), 120);
        let records: Vec<_> = read(&to).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len(), 120);
        assert!(records.is_sorted() && records.iter().all(|r| r.source == "b"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_rejects_make_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("all.ndjson.zst");
        assert_eq!(merge_runs(Vec::new(), &to, &|_| true).unwrap(), 0);
        assert!(!to.exists());
    }
}
