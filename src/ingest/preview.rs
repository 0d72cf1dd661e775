//! What an ingest would make of sources, told from the beginning of each. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::options::{IngestOptions, defaults};
use super::plan;
use super::report::Problem;
use crate::cancel::Cancel;
use crate::causes::chain;
use crate::decode::{
    Archive, AuditEvent, Content, DecodeError, DecodeOptions, Decoded, Decoder, Limits, MAX_DEPTH, Opened,
    Records, is_log_record,
};
use crate::lake::utc;
use crate::normalize::Defaults;
use crate::sources::{self, Source};

/// Records of a file that are looked at, and bytes after decompression in which they are looked for.
pub const SAMPLE_RECORDS: u64 = 1_000;
pub const SAMPLE_BYTES: u64 = 16 << 20;

/// Clusters, and kinds of other records, that are told apart in one file.
const NAMES: usize = 100;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// In the order of their URIs; a file in an archive stands behind it.
    pub files: Vec<FilePreview>,
    /// Arguments that could not be read.
    pub problems: Vec<Problem>,
}

/// The beginning of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FilePreview {
    pub uri: String,
    /// What it was packed in, and its form where it is not text: `gzip`, `csv`.
    pub forms: Vec<&'static str>,
    /// What it is taken for.
    pub verdict: Verdict,
    /// Containers of records, the outer before the inner, with how many records came in them.
    pub containers: BTreeMap<String, u64>,
    /// Records of the sample: `rows`, the rejects and the others.
    pub records: u64,
    /// Whether the sample is all of the file.
    pub whole: bool,
    pub rows: u64,
    /// By reason.
    pub rejects: BTreeMap<String, RejectPreview>,
    /// Records that are valid but not Kubernetes audit, by kind.
    pub other: BTreeMap<String, u64>,
    pub log_types: BTreeSet<&'static str>,
    /// Null stands for rows without one.
    pub clusters: BTreeSet<Option<String>>,
    /// The smallest and the largest event time of the sample.
    #[serde(serialize_with = "utc::option::serialize")]
    pub first_time: Option<i64>,
    #[serde(serialize_with = "utc::option::serialize")]
    pub last_time: Option<i64>,
    /// Why it cannot be read, or not to the end of the sample.
    pub problem: Option<String>,
}

/// What a file is taken for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Would be read.
    Log,
    /// An archive; the files in it follow.
    Archive,
    NotALog,
    Empty,
    #[default]
    Unreadable,
}

/// The records that would be rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectPreview {
    pub count: u64,
    /// The first of them: its number in the file, and what was found.
    pub record: u64,
    pub detail: String,
}

/// Looks at the beginning of every source that the options name. Neither opens nor creates the lake.
pub fn preview(options: &IngestOptions, cancel: &Cancel) -> Preview {
    let found = sources::discover(&options.sources, std::slice::from_ref(&options.lake));
    let mut looker = Looker { options, cancel, files: Vec::new() };
    for source in &found.sources {
        if cancel.is_cancelled() {
            break;
        }
        let opened = match source.open_file() {
            Ok((reader, file)) => Opened::new(reader, file),
            Err(error) => {
                looker.files.push(FilePreview::unreadable(source, chain(&error)));
                continue;
            }
        };
        looker.look(source, opened, 0);
    }
    Preview { files: looker.files, problems: plan::problems(&found.problems) }
}

struct Looker<'a> {
    options: &'a IngestOptions,
    cancel: &'a Cancel,
    files: Vec<FilePreview>,
}

impl Looker<'_> {
    fn look(&mut self, source: &Source, opened: Result<Opened, DecodeError>, depth: usize) {
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return self.files.push(FilePreview::unreadable(source, chain(&error))),
        };
        let forms = opened.forms.clone();
        match opened.content {
            Content::Records(records) => {
                let file = self.sample(source, records);
                self.files.push(FilePreview { forms, ..file });
            }
            Content::Archive(_) if depth >= MAX_DEPTH => {
                let error = DecodeError::TooManyArchives(MAX_DEPTH);
                self.files.push(FilePreview { forms, ..FilePreview::unreadable(source, chain(&error)) });
            }
            Content::Archive(archive) => {
                let place = self.files.len();
                let uri = source.uri.clone();
                let verdict = Verdict::Archive;
                self.files.push(FilePreview { uri, forms, verdict, whole: true, ..FilePreview::default() });
                self.archive(source, archive, place, depth);
            }
        }
    }

    /// Looks at the files in an archive; where none of them is anything, the archive is no log.
    fn archive(&mut self, source: &Source, mut archive: Archive, place: usize, depth: usize) {
        while !self.cancel.is_cancelled() {
            match archive.next_member() {
                Ok(Some(member)) => {
                    let source = source.member(&member.name, member.turn);
                    match member.body {
                        Ok(reader) => {
                            let opened = Opened::member(reader, &member.within, Limits::default());
                            self.look(&source, opened, depth + 1);
                        }
                        Err(error) => self.files.push(FilePreview::unreadable(&source, chain(&error))),
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.files[place].problem = Some(chain(&error));
                    break;
                }
            }
        }
        let nothing = |file: &FilePreview| matches!(file.verdict, Verdict::NotALog | Verdict::Empty);
        if self.files[place + 1..].iter().all(nothing) {
            let empty = self.files.len() == place + 1;
            self.files.truncate(place + 1);
            self.files[place].verdict = match (&self.files[place].problem, empty) {
                (Some(_), _) => Verdict::Unreadable,
                (None, true) => Verdict::Empty,
                (None, false) => Verdict::NotALog,
            };
        }
    }

    fn sample(&self, source: &Source, mut records: Records) -> FilePreview {
        let mut decoder = Decoder::new(DecodeOptions { log_type: self.options.log_type });
        let defaults = defaults(&self.options.given(source));
        let mut file = FilePreview { uri: source.uri.clone(), ..FilePreview::default() };
        let (mut bytes, mut is_log) = (0, false);
        'sample: loop {
            let chunk = match records.next_chunk() {
                Ok(Some(chunk)) => chunk,
                Ok(None) => {
                    file.whole = true;
                    break;
                }
                Err(error) => {
                    file.problem = Some(chain(&error));
                    break;
                }
            };
            for frame in &chunk.frames {
                if file.records >= SAMPLE_RECORDS || self.cancel.is_cancelled() {
                    break 'sample;
                }
                let before = file.records;
                decoder.decode_frame(&chunk, frame, &mut |decoded| {
                    is_log |= is_log_record(&decoded);
                    file.record(&decoded, &defaults);
                });
                let path: Vec<&str> = decoder.containers().collect();
                if !path.is_empty() {
                    *file.containers.entry(path.join(" > ")).or_default() += file.records - before;
                }
            }
            bytes += chunk.data.len() as u64;
            if bytes >= SAMPLE_BYTES {
                break;
            }
        }
        file.verdict = match (is_log, file.records) {
            (true, _) => Verdict::Log,
            (false, 0) if file.problem.is_none() => Verdict::Empty,
            (false, 0) => Verdict::Unreadable,
            (false, _) => Verdict::NotALog,
        };
        file
    }
}

impl FilePreview {
    fn unreadable(source: &Source, problem: String) -> Self {
        Self { uri: source.uri.clone(), problem: Some(problem), ..Self::default() }
    }

    fn record(&mut self, decoded: &Decoded<'_>, defaults: &Defaults) {
        let record = self.records;
        self.records += 1;
        match decoded {
            Decoded::Event(event) => self.row(event, defaults),
            Decoded::Other(kind) => {
                let known = self.other.contains_key(kind.as_ref()) || self.other.len() < NAMES;
                let kind = if known { kind.as_ref() } else { "more kinds" };
                *self.other.entry(kind.to_owned()).or_default() += 1;
            }
            Decoded::Reject(reject) => {
                let detail = || reject.reason.detail.clone();
                let code = reject.reason.code.code().to_owned();
                let first = || RejectPreview { count: 0, record, detail: detail() };
                self.rejects.entry(code).or_insert_with(first).count += 1;
            }
        }
    }

    fn row(&mut self, event: &AuditEvent<'_>, defaults: &Defaults) {
        self.rows += 1;
        self.log_types.insert(event.log_type.as_str());
        if self.clusters.len() < NAMES {
            self.clusters.insert(event.cluster.as_deref().or(defaults.cluster.as_deref()).map(str::to_owned));
        }
        self.first_time =
            self.first_time.map_or(Some(event.event_time), |time| Some(time.min(event.event_time)));
        self.last_time = self.last_time.max(Some(event.event_time));
    }
}
