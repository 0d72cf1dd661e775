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

use super::order;
use crate::lake::identity::{string, strings};

const SECRETS: &str = "secrets";

/// Where the rows of secrets stand in a sorted batch.
pub(super) fn secrets(batch: &RecordBatch) -> Range<usize> {
    let resource = strings(batch, "resource");
    let first = |is_before: fn(Option<&str>) -> bool| {
        (0..batch.num_rows()).find(|row| !is_before(string(resource, *row))).unwrap_or(batch.num_rows())
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
            texts: ["resource", "verb", "username"].map(|name| strings(batch, name)),
            event_time: order::times(batch),
        }
    }

    /// Whether a row is of one run with a row of another batch.
    pub(super) fn are_one(&self, row: usize, other: &Runs<'_>, other_row: usize) -> bool {
        self.event_time.value(row) == other.event_time.value(other_row)
            && self.texts.iter().zip(other.texts).all(|(a, b)| string(a, row) == string(b, other_row))
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
            api_group: strings(batch, "api_group"),
            subresource: strings(batch, "subresource"),
            audit_id: strings(batch, "audit_id"),
            record_id: strings(batch, "record_id"),
            cluster: strings(batch, "cluster"),
            request_uri: strings(batch, "request_uri"),
            stage: strings(batch, "stage"),
            stage_time: batch["stage_time"].as_primitive::<TimestampMicrosecondType>(),
            source_uri: strings(batch, "source_uri"),
            source_record: batch["source_record"].as_primitive::<Int64Type>(),
        }
    }

    fn request(&self, row: usize) -> Request<'a> {
        [
            string(self.api_group, row),
            string(self.subresource, row),
            string(self.audit_id, row).or_else(|| string(self.record_id, row)),
            string(self.cluster, row),
            string(self.request_uri, row),
        ]
    }

    fn precedence(&self, row: usize) -> Precedence<'a> {
        let stage = match string(self.stage, row) {
            Some("Panic") => 0,
            Some("ResponseComplete") => 1,
            Some("ResponseStarted") => 2,
            _ => 3,
        };
        let stage_time = self.stage_time.is_valid(row).then(|| Reverse(self.stage_time.value(row)));
        (
            stage,
            stage_time.into(),
            string(self.record_id, row).into(),
            string(self.source_uri, row).into(),
            self.source_record.value(row),
        )
    }
}
