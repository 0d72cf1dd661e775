//! The order of rows in a file.

use arrow::array::{AsArray, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use hashbrown::HashMap;
use jiff::tz::Offset;

use crate::lake::error::LakeError;
use crate::normalize::schema::position;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// A row's place among others: fields compare in order. Strings stand as their ranks in the batch,
/// so that comparing is comparing integers; a null's rank is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Days since 1970-01-01.
    pub(super) day: i64,
    resource: u32,
    verb: u32,
    username: u32,
    pub(super) event_time: i64,
    source_uri: u32,
    source_record: i64,
    /// The row's number in the batch.
    pub(super) row: u32,
}

/// The keys of a batch's rows, sorted.
pub(super) fn sorted(batch: &RecordBatch) -> Vec<Key> {
    let ranks = |name| ranks(batch.column(position(name)).as_string_view());
    let (resource, verb, username) = (ranks("resource"), ranks("verb"), ranks("username"));
    let source_uri = ranks("source_uri");
    let source_record = batch.column(position("source_record")).as_primitive::<Int64Type>();
    let mut keys: Vec<Key> = (0..batch.num_rows())
        .zip(times(batch).values())
        .map(|(row, &event_time)| Key {
            day: event_time.div_euclid(MICROSECONDS_PER_DAY),
            resource: resource[row],
            verb: verb[row],
            username: username[row],
            event_time,
            source_uri: source_uri[row],
            source_record: source_record.value(row),
            row: row as u32,
        })
        .collect();
    keys.sort_unstable();
    keys
}

/// The event_time column.
pub(super) fn times(batch: &RecordBatch) -> &TimestampMicrosecondArray {
    batch.column(position("event_time")).as_primitive::<TimestampMicrosecondType>()
}

/// The UTC date of a time in microseconds, `YYYY-MM-DD`.
pub(super) fn date(microseconds: i64) -> Result<String, LakeError> {
    let time = jiff::Timestamp::from_microsecond(microseconds)
        .map_err(|_| LakeError::NoDate { microseconds })?;
    Ok(Offset::UTC.to_datetime(time).date().to_string())
}

/// Each row's rank among the distinct values of a column, from 1 in byte order; 0 for null.
fn ranks(column: &StringViewArray) -> Vec<u32> {
    let mut ids: HashMap<&str, u32> = HashMap::new();
    let rows: Vec<Option<u32>> = column
        .iter()
        .map(|value| {
            let next = ids.len() as u32;
            value.map(|value| *ids.entry(value).or_insert(next))
        })
        .collect();
    let mut distinct: Vec<(&str, u32)> = ids.into_iter().collect();
    distinct.sort_unstable();
    let mut rank_of_id = vec![0; distinct.len()];
    for (rank, (_, id)) in (1..).zip(&distinct) {
        rank_of_id[*id as usize] = rank;
    }
    rows.into_iter().map(|id| id.map_or(0, |id| rank_of_id[id as usize])).collect()
}
