//! Which rows stand for their requests: each stage of a request is a row, and the latest stands for it.
//!
//! This is `sql/schema/latest.sql` in Rust, for rows in the order of a file: all stages of a request have one resource,
//! verb, username and event_time, by which rows are sorted first, so that they lie in one run.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use arrow::array::{
    Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use crate::normalize::schema::position;

const SECRETS: &str = "secrets";

/// Where the rows of secrets stand in a sorted batch.
pub(super) fn secrets(batch: &RecordBatch) -> Range<usize> {
    let resource = texts(batch, "resource");
    let first = |is_before: fn(Option<&str>) -> bool| {
        (0..batch.num_rows()).find(|row| !is_before(text(resource, *row))).unwrap_or(batch.num_rows())
    };
    first(|resource| resource < Some(SECRETS))..first(|resource| resource <= Some(SECRETS))
}

/// Whether a later stage of the same request is in the batch, for each row. A batch is sorted as a file is, and holds
/// whole runs.
pub(super) fn superseded(batch: &RecordBatch) -> BooleanArray {
    let (runs, columns) = (Runs::of(batch), Columns::of(batch));
    let mut superseded = vec![false; batch.num_rows()];
    let mut latest: HashMap<Request<'_>, usize> = HashMap::new();
    for row in 0..batch.num_rows() {
        if row > 0 && !runs.are_one(row - 1, &runs, row) {
            latest.clear();
        }
        match latest.entry(columns.request(row)) {
            Entry::Vacant(request) => _ = request.insert(row),
            Entry::Occupied(request) if columns.precedence(*request.get()) <= columns.precedence(row) => {
                superseded[row] = true;
            }
            Entry::Occupied(mut request) => superseded[request.insert(row)] = true,
        }
    }
    BooleanArray::from(superseded)
}

/// What is the same in all rows of a run.
pub(super) struct Runs<'a> {
    texts: [&'a StringViewArray; 3],
    event_time: &'a TimestampMicrosecondArray,
}

impl<'a> Runs<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Self {
        Self {
            texts: ["resource", "verb", "username"].map(|name| texts(batch, name)),
            event_time: times(batch, "event_time"),
        }
    }

    /// Whether a row is of one run with a row of another batch.
    pub(super) fn are_one(&self, row: usize, other: &Runs<'_>, other_row: usize) -> bool {
        self.event_time.value(row) == other.event_time.value(other_row)
            && self.texts.iter().zip(other.texts).all(|(a, b)| text(a, row) == text(b, other_row))
    }
}

/// What tells requests of a run apart: api_group, subresource, audit_id or else record_id, cluster, request_uri.
type Request<'a> = [Option<&'a str>; 5];

/// Of two rows of a request, the smaller is the later stage; nulls come last.
type Precedence<'a> = (u8, Last<Reverse<i64>>, Last<&'a str>, Last<&'a str>, i64);

/// A value, or null after all values.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Last<T> {
    Value(T),
    Null,
}

impl<T> From<Option<T>> for Last<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

struct Columns<'a> {
    api_group: &'a StringViewArray,
    subresource: &'a StringViewArray,
    audit_id: &'a StringViewArray,
    record_id: &'a StringViewArray,
    cluster: &'a StringViewArray,
    request_uri: &'a StringViewArray,
    stage: &'a StringViewArray,
    stage_time: &'a TimestampMicrosecondArray,
    source_uri: &'a StringViewArray,
    source_record: &'a Int64Array,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        Self {
            api_group: texts(batch, "api_group"),
            subresource: texts(batch, "subresource"),
            audit_id: texts(batch, "audit_id"),
            record_id: texts(batch, "record_id"),
            cluster: texts(batch, "cluster"),
            request_uri: texts(batch, "request_uri"),
            stage: texts(batch, "stage"),
            stage_time: times(batch, "stage_time"),
            source_uri: texts(batch, "source_uri"),
            source_record: batch.column(position("source_record")).as_primitive::<Int64Type>(),
        }
    }

    fn request(&self, row: usize) -> Request<'a> {
        [
            text(self.api_group, row),
            text(self.subresource, row),
            text(self.audit_id, row).or_else(|| text(self.record_id, row)),
            text(self.cluster, row),
            text(self.request_uri, row),
        ]
    }

    fn precedence(&self, row: usize) -> Precedence<'a> {
        let stage = match text(self.stage, row) {
            Some("Panic") => 0,
            Some("ResponseComplete") => 1,
            Some("ResponseStarted") => 2,
            _ => 3,
        };
        let stage_time = self.stage_time.is_valid(row).then(|| Reverse(self.stage_time.value(row)));
        (
            stage,
            stage_time.into(),
            text(self.record_id, row).into(),
            text(self.source_uri, row).into(),
            self.source_record.value(row),
        )
    }
}

fn text(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringViewArray {
    batch.column(position(name)).as_string_view()
}

fn times<'a>(batch: &'a RecordBatch, name: &str) -> &'a TimestampMicrosecondArray {
    batch.column(position(name)).as_primitive::<TimestampMicrosecondType>()
}
