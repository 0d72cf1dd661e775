//! What the rows of one file cover, counted while it is written.

use std::path::Path;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::TimestampMicrosecondType;
use serde::{Deserialize, Serialize};

use super::minutes::Minutes;
use crate::lake::commit::is_zero;
use crate::lake::error::LakeError;
use crate::lake::identity::{Reader, strings};
use crate::lake::utc;
use crate::normalize::{Rows, Texts};

/// The columns that are counted.
const COLUMNS: [&str; 11] = [
    "event_time",
    "log_type",
    "cluster",
    "log_stream",
    "stage",
    "verb",
    "api_group",
    "resource",
    "subresource",
    "truncated",
    "salvaged",
];

/// Streams that a commit keeps of a file: one with more is counted again when somebody asks. Each
/// takes up to 600 bytes of a record that every reader of the lake reads.
const KEPT: usize = 64;

/// Streams of a file that are told apart; names come from the logs, so there must be an end to them.
const MOST: usize = 1_000;

/// The cluster under which the streams beyond are counted together.
const MORE_CLUSTERS: &str = "more clusters";

const MINUTE: i64 = 60_000_000;

/// What one file has of each stream, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCoverage {
    /// Sorted.
    pub streams: Vec<StreamCoverage>,
    /// Sorted by cluster.
    pub clusters: Vec<ClusterMinutes>,
}

/// Where records come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stream {
    pub cluster: Option<String>,
    /// Null only for records that could not be read.
    pub log_type: Option<String>,
    pub log_stream: Option<String>,
}

/// What there is of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCoverage {
    #[serde(flatten)]
    pub stream: Stream,
    #[serde(flatten)]
    pub counts: StreamCounts,
}

/// Records of one stream, by what a hunt needs of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamCounts {
    pub records: u64,
    /// Records of secrets that were read, by verb and whoever read them.
    #[serde(skip_serializing_if = "is_zero")]
    pub secret_gets: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub secret_lists: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub secret_watches: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub request_received: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub response_started: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub response_complete: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub panic: u64,
    /// Records of no stage, or of one that Kubernetes does not have.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_stages: u64,
    /// Records that their producer cut.
    #[serde(skip_serializing_if = "is_zero")]
    pub truncated: u64,
    /// Records that were read from cut ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub salvaged: u64,
}

impl StreamCounts {
    /// Records of secrets that were read.
    pub fn secret_reads(&self) -> u64 {
        self.secret_gets + self.secret_lists + self.secret_watches
    }

    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.all().into_iter().zip({ *other }.all()) {
            *count += *more;
        }
    }

    fn all(&mut self) -> [&mut u64; 11] {
        [
            &mut self.records,
            &mut self.secret_gets,
            &mut self.secret_lists,
            &mut self.secret_watches,
            &mut self.request_received,
            &mut self.response_started,
            &mut self.response_complete,
            &mut self.panic,
            &mut self.other_stages,
            &mut self.truncated,
            &mut self.salvaged,
        ]
    }

    fn row<T: Text>(&mut self, columns: &Columns<'_, T>, row: usize) {
        self.records += 1;
        *match columns.stage.text(row) {
            Some("ResponseComplete") => &mut self.response_complete,
            Some("RequestReceived") => &mut self.request_received,
            Some("ResponseStarted") => &mut self.response_started,
            Some("Panic") => &mut self.panic,
            _ => &mut self.other_stages,
        } += 1;
        self.truncated += u64::from(columns.truncated.value(row));
        self.salvaged += u64::from(columns.salvaged.value(row));
        if !columns.is_of_secrets(row) {
            return;
        }
        match columns.verb.text(row) {
            Some("get") => self.secret_gets += 1,
            Some("list") => self.secret_lists += 1,
            Some("watch") => self.secret_watches += 1,
            _ => {}
        }
    }
}

/// The minutes of the file's day in which a cluster has a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterMinutes {
    pub cluster: Option<String>,
    pub minutes: Minutes,
}

/// Counts rows, batch by batch.
#[derive(Debug, Default)]
pub struct Counting {
    streams: Vec<(StreamCoverage, usize)>,
    clusters: Vec<ClusterMinutes>,
    /// The stream of the row before: the next is most often of the same.
    last: usize,
}

impl Counting {
    /// Counts the rows of a batch that has at least [`COLUMNS`].
    pub fn add(&mut self, batch: &RecordBatch) {
        let columns = Columns::of_batch(batch);
        (0..batch.num_rows()).for_each(|row| self.row(&columns, row));
    }

    /// Counts those of the rows that have these numbers.
    pub(in crate::lake) fn add_rows(&mut self, rows: &Rows, numbers: &[u32]) {
        let columns = Columns::of_rows(rows);
        numbers.iter().for_each(|&row| self.row(&columns, row as usize));
    }

    fn row<T: Text>(&mut self, columns: &Columns<'_, T>, row: usize) {
        let at = self.stream(columns, row);
        let (stream, cluster) = &mut self.streams[at];
        stream.counts.row(columns, row);
        let minutes = &mut self.clusters[*cluster].minutes;
        minutes.set((columns.event_time.value(row).rem_euclid(utc::DAY) / MINUTE) as usize);
    }

    /// What was counted, in order.
    pub fn finish(self) -> FileCoverage {
        let mut streams: Vec<StreamCoverage> = self.streams.into_iter().map(|(stream, _)| stream).collect();
        streams.sort_by(|a, b| a.stream.cmp(&b.stream));
        let mut clusters = self.clusters;
        clusters.sort_by(|a, b| a.cluster.cmp(&b.cluster));
        FileCoverage { streams, clusters }
    }

    /// The place of a row's stream, which is new when it was not seen before.
    fn stream<T: Text>(&mut self, columns: &Columns<'_, T>, row: usize) -> usize {
        let (cluster, log_type) = (columns.cluster.text(row), columns.log_type.text(row));
        let log_stream = columns.log_stream.text(row);
        let is = |stream: &Stream| {
            stream.cluster.as_deref() == cluster
                && stream.log_stream.as_deref() == log_stream
                && stream.log_type.as_deref() == log_type
        };
        if self.streams.get(self.last).is_some_and(|(known, _)| is(&known.stream)) {
            return self.last;
        }
        let known = self.streams.iter().position(|(known, _)| is(&known.stream));
        self.last = match known {
            Some(known) => known,
            None if self.streams.len() < MOST => self.open(cluster, log_type, log_stream),
            None => {
                let more = |known: &(StreamCoverage, usize)| {
                    known.0.stream.cluster.as_deref() == Some(MORE_CLUSTERS)
                        && known.0.stream.log_type.as_deref() == log_type
                };
                let known = self.streams.iter().position(more);
                known.unwrap_or_else(|| self.open(Some(MORE_CLUSTERS), log_type, None))
            }
        };
        self.last
    }

    fn open(&mut self, cluster: Option<&str>, log_type: Option<&str>, log_stream: Option<&str>) -> usize {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let at = self.clusters.iter().position(|known| known.cluster.as_deref() == cluster);
        let at = at.unwrap_or_else(|| {
            self.clusters.push(ClusterMinutes { cluster: owned(cluster), minutes: Minutes::default() });
            self.clusters.len() - 1
        });
        let stream =
            Stream { cluster: owned(cluster), log_type: owned(log_type), log_stream: owned(log_stream) };
        self.streams.push((StreamCoverage { stream, counts: StreamCounts::default() }, at));
        self.streams.len() - 1
    }
}

impl FileCoverage {
    /// Whether it is short enough to stand in a commit.
    pub fn is_short(&self) -> bool {
        self.streams.len() <= KEPT
    }

    /// Counts the rows of a file whose commit does not have their coverage.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, LakeError> {
        let mut counting = Counting::default();
        for batch in batches(path)? {
            counting.add(&batch?);
        }
        Ok(counting.finish())
    }
}

/// The batches of a file, with what [`Counting::add`] needs of them.
pub(in crate::lake) fn batches(path: &Path) -> Result<Reader, LakeError> {
    Reader::open(path, &COLUMNS)
}

struct Columns<'a, T> {
    event_time: &'a TimestampMicrosecondArray,
    cluster: &'a T,
    log_type: &'a T,
    log_stream: &'a T,
    stage: &'a T,
    verb: &'a T,
    api_group: &'a T,
    resource: &'a T,
    subresource: &'a T,
    truncated: &'a BooleanArray,
    salvaged: &'a BooleanArray,
}

/// A column of strings, of which some are null.
trait Text {
    fn text(&self, row: usize) -> Option<&str>;
}

impl Text for StringViewArray {
    fn text(&self, row: usize) -> Option<&str> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl Text for Texts {
    fn text(&self, row: usize) -> Option<&str> {
        self.get(row)
    }
}

impl<'a> Columns<'a, StringViewArray> {
    fn of_batch(batch: &'a RecordBatch) -> Self {
        Self::of(|name| strings(batch, name), |name| &batch[name])
    }
}

impl<'a> Columns<'a, Texts> {
    fn of_rows(rows: &'a Rows) -> Self {
        Self::of(|name| rows.texts(name), |name| rows.array(name))
    }
}

impl<'a, T: Text> Columns<'a, T> {
    fn of(text: impl Fn(&str) -> &'a T, array: impl Fn(&str) -> &'a ArrayRef) -> Self {
        Self {
            event_time: array("event_time").as_primitive::<TimestampMicrosecondType>(),
            cluster: text("cluster"),
            log_type: text("log_type"),
            log_stream: text("log_stream"),
            stage: text("stage"),
            verb: text("verb"),
            api_group: text("api_group"),
            resource: text("resource"),
            subresource: text("subresource"),
            truncated: array("truncated").as_boolean(),
            salvaged: array("salvaged").as_boolean(),
        }
    }

    fn is_of_secrets(&self, row: usize) -> bool {
        let empty = |column: &T| column.text(row).unwrap_or_default().is_empty();
        self.resource.text(row) == Some("secrets") && empty(self.api_group) && empty(self.subresource)
    }
}
