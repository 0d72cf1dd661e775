//! One reject after another: its bytes are found and decoded, and what they give is gathered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};

use super::IngestError;
use super::forward::Forward;
use super::options::{Budget, defaults};
use super::reingest::Readings;
use super::tally::Tally;
use super::work::{Staged, bare, clusters_by_date, compare};
use crate::decode::{DecodeOptions, Decoded, Decoder, LogType, RejectCode};
use crate::hash;
use crate::lake::dedup::Dedup;
use crate::lake::rejects::RejectRecord;
use crate::lake::writer::{self, Written};
use crate::lake::{Given, LakeWriter, SourceRecord};
use crate::normalize::redact::REJECT_LIMIT;
use crate::normalize::schema::position;
use crate::normalize::{Place, RowBuilder, Rows, Values};

/// What was found out so far.
pub(super) struct Retry<'a> {
    known: &'a Readings<'a>,
    batch: String,
    staging: PathBuf,
    budget: usize,
    sources: Forward,
    rows: RowBuilder,
    /// Whether `rows` keeps the values of secrets.
    unredacted: bool,
    /// Of the gathered rows, those made of bytes with masked values.
    masked: Vec<usize>,
    done: Retried,
}

/// What came of all rejects.
pub(super) struct Retried {
    pub tried: u64,
    pub read: u64,
    pub from_source: u64,
    pub lost: u64,
    /// By source.
    pub tallies: BTreeMap<String, Tally>,
    pub files: Vec<Staged>,
    pub dedup: Dedup,
}

/// Where the bytes of a reject are.
enum Search {
    Found(Found),
    /// In their source, and still too long to be decoded.
    TooLong,
    Lost,
}

/// The bytes of a reject, with what stands around them.
struct Found {
    frame: Vec<u8>,
    /// The record in it; all of them where the reject is the whole frame.
    index: Option<u64>,
    /// Whether values in it were masked when it was kept.
    masked: bool,
    from_source: bool,
}

impl<'a> Retry<'a> {
    pub(super) fn new(lake: &LakeWriter, known: &'a Readings<'a>, budget: Budget) -> Self {
        let staging = lake.staging();
        let dedup = Dedup::new(staging.join("duplicates"), budget.duplicates);
        let (read, from_source, lost) = (0, 0, 0);
        let (tallies, files) = (BTreeMap::new(), Vec::new());
        Self {
            known,
            batch: lake.batch().to_owned(),
            staging,
            budget: budget.rows,
            sources: Forward::default(),
            rows: RowBuilder::new(),
            unredacted: false,
            masked: Vec::new(),
            done: Retried { tried: 0, read, from_source, lost, tallies, files, dedup },
        }
    }

    /// Tries a reject; gives the rejects that are left of it where it could be read, and none where it stays.
    pub(super) fn take(&mut self, reject: &RejectRecord) -> Result<Option<Vec<RejectRecord>>, IngestError> {
        self.done.tried += 1;
        let found = match self.in_source(reject) {
            Search::Lost => kept(reject),
            elsewhere => elsewhere,
        };
        let Search::Found(found) = found else {
            self.done.lost += u64::from(matches!(found, Search::Lost));
            return Ok(None);
        };
        let given = self.given(reject);
        let log_type = given.log_type.as_deref().and_then(LogType::from_name);
        let mut decoder = Decoder::new(DecodeOptions { log_type });
        if !reads(&mut decoder, &found) {
            return Ok(None);
        }
        if given.unredacted != self.unredacted {
            self.flush()?;
            self.rows = if given.unredacted { RowBuilder::without_redaction() } else { RowBuilder::new() };
            self.unredacted = given.unredacted;
        }
        self.done.read += 1;
        self.done.from_source += u64::from(found.from_source);
        let left = self.gather(reject, &found, &given, &mut decoder);
        if self.rows.bytes() >= self.budget {
            self.flush()?;
        }
        Ok(Some(left))
    }

    pub(super) fn finish(mut self) -> Result<Retried, IngestError> {
        self.flush()?;
        Ok(self.done)
    }

    fn in_source(&mut self, reject: &RejectRecord) -> Search {
        let Some((chunk, frame)) = self.sources.frame(&reject.source, reject.offset) else {
            return Search::Lost;
        };
        let bytes = chunk.bytes(frame);
        let is = |bytes: &[u8], length: u64, sha256: &str| {
            bytes.len() as u64 == length && hash::sha256(bytes) == sha256
        };
        let same = match &reject.part {
            Some(part) => is(bytes, part.length, &part.sha256),
            None if reject.reason == RejectCode::TooLong.code() => {
                let head = usize::try_from(reject.length).ok().and_then(|length| bytes.get(..length));
                head.is_some_and(|head| is(head, reject.length, &reject.sha256))
            }
            None => [bytes, bare(bytes)].iter().any(|bytes| is(bytes, reject.length, &reject.sha256)),
        };
        let index = reject.part.as_ref().map(|part| part.index);
        match (same, &frame.problem) {
            (false, _) => Search::Lost,
            (true, Some(_)) => Search::TooLong,
            (true, None) => {
                Search::Found(Found { frame: bytes.to_vec(), index, masked: false, from_source: true })
            }
        }
    }

    /// What was said of the record when its source was ingested.
    fn given(&self, reject: &RejectRecord) -> Given {
        let readings = self.known.get(reject.source.as_str()).map_or(&[][..], Vec::as_slice);
        let holds = |source: &&&SourceRecord| source.next.is_none_or(|next| reject.record <= next.record);
        let reading = readings.iter().find(holds).or_else(|| readings.last());
        reading.map(|source| source.given.clone()).unwrap_or_default()
    }

    /// Adds the records to the rows and to the counts; gives those that are rejects now.
    fn gather(
        &mut self,
        reject: &RejectRecord,
        found: &Found,
        given: &Given,
        decoder: &mut Decoder,
    ) -> Vec<RejectRecord> {
        let (mut left, mut index) = (Vec::new(), 0);
        let defaults = defaults(given);
        let tally = self.done.tallies.entry(reject.source.clone()).or_default();
        decoder.decode(&found.frame, &mut |decoded| {
            let wanted = found.index.is_none_or(|wanted| wanted == index);
            index += 1;
            if !wanted {
                return;
            }
            tally.records += 1;
            match decoded {
                Decoded::Event(event) => {
                    let place = Place {
                        source_uri: &reject.source,
                        source_record: reject.record as i64,
                        source_offset: reject.offset as i64,
                    };
                    if found.masked {
                        self.masked.push(self.rows.rows());
                    }
                    self.rows.append(event, &place, &defaults);
                    tally.row(event);
                }
                Decoded::Other(kind) => tally.other(&kind),
                Decoded::Reject(part) => {
                    tally.reject(part.reason.code);
                    left.push(RejectRecord::new(&reject.source, reject.record, reject.offset, &part));
                }
            }
        });
        left.sort_unstable();
        left
    }

    /// Writes the gathered rows to staging.
    fn flush(&mut self) -> Result<(), IngestError> {
        if self.rows.rows() == 0 {
            return Ok(());
        }
        let rows = marked(self.rows.finish(), &std::mem::take(&mut self.masked));
        let clusters = clusters_by_date(&rows);
        let (batch, mut number) = (&self.batch, self.done.files.len()..);
        let mut name = || format!("{batch}-{}.parquet", number.next().unwrap_or(usize::MAX));
        for Written { file, rows: numbers } in writer::write(&rows, &self.staging, &mut name)? {
            let clusters = clusters.get(&file.event_date).cloned().flatten();
            let number = compare(&mut self.done.dedup, &rows, &numbers)?;
            self.done.files.push(Staged { number, record: file.record(clusters) });
        }
        self.rows.reuse(rows);
        Ok(())
    }
}

/// The bytes that were kept, where they are all, and no part of something larger. Of a record that was too
/// long only the head is there.
fn kept(reject: &RejectRecord) -> Search {
    let whole = reject.part.is_none()
        && reject.length <= REJECT_LIMIT as u64
        && reject.reason != RejectCode::TooLong.code();
    let Some(frame) = reject.kept().filter(|_| whole) else { return Search::Lost };
    let masked = hash::sha256(&frame) != reject.sha256;
    Search::Found(Found { frame, index: None, masked, from_source: false })
}

/// Whether a record or another kind comes out now.
fn reads(decoder: &mut Decoder, found: &Found) -> bool {
    let (mut reads, mut index) = (false, 0);
    decoder.decode(&found.frame, &mut |decoded| {
        let wanted = found.index.is_none_or(|wanted| wanted == index);
        reads |= wanted && !matches!(decoded, Decoded::Reject(_));
        index += 1;
    });
    reads
}

/// The rows with those that were masked before marked as redacted.
fn marked(mut rows: Rows, masked: &[usize]) -> Rows {
    if masked.is_empty() {
        return rows;
    }
    let before = rows.array("redacted").as_boolean();
    let flag = |row| Some(before.value(row) || masked.binary_search(&row).is_ok());
    let flags: BooleanArray = (0..before.len()).map(flag).collect();
    rows.columns[position("redacted")] = Values::Array(Arc::new(flags));
    rows
}
