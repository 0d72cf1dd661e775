//! The order of rows in a file.

use arrow::array::{AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use jiff::tz::Offset;

use crate::lake::error::LakeError;
use crate::lake::utc;
use crate::normalize::Rows;
use crate::normalize::schema::position;

/// A row's place among others: fields compare in order. Strings stand as their ranks in the batch,
/// so that comparing is comparing integers; a null's rank is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The day and the ranks of resource, verb and username, in 32 bits each.
    group: u128,
    pub(super) event_time: i64,
    source_uri: u32,
    /// The row's number in the batch.
    pub(super) row: u32,
    source_record: i64,
}

impl Key {
    /// Keys of one day have the same.
    pub(super) fn day(&self) -> u32 {
        (self.group >> 96) as u32
    }
}

/// The keys of a batch's rows, sorted, with the day before all else.
pub(super) fn sorted(rows: &Rows) -> Vec<Key> {
    let column = |name| {
        let texts = rows.texts(name);
        (texts.distinct.ranks(), &texts.numbers)
    };
    let (resource, verb, username, source_uri) =
        (column("resource"), column("verb"), column("username"), column("source_uri"));
    let rank = |(ranks, numbers): &(Vec<u32>, &Vec<u32>), row: usize| ranks[numbers[row] as usize];
    let times = rows.array("event_time").as_primitive::<TimestampMicrosecondType>();
    let records = rows.array("source_record").as_primitive::<Int64Type>();
    let mut keys: Vec<Key> = times
        .values()
        .iter()
        .zip(records.values())
        .enumerate()
        .map(|(row, (&event_time, &source_record))| Key {
            group: [&resource, &verb, &username]
                .iter()
                .fold(day(event_time), |group, column| group << 32 | u128::from(rank(column, row))),
            event_time,
            source_uri: rank(&source_uri, row),
            row: row as u32,
            source_record,
        })
        .collect();
    keys.sort_unstable_by_key(|key| (key.group, key.event_time, key.source_uri, key.source_record));
    keys
}

/// A time's day, by which days can be ordered.
fn day(microseconds: i64) -> u128 {
    let days = microseconds.div_euclid(utc::DAY);
    u128::from((days - i64::MIN.div_euclid(utc::DAY)) as u32)
}

/// The event_time column.
pub(super) fn times(batch: &RecordBatch) -> &TimestampMicrosecondArray {
    batch.column(position("event_time")).as_primitive::<TimestampMicrosecondType>()
}

/// The UTC date of a time in microseconds, `YYYY-MM-DD`.
pub(super) fn date(microseconds: i64) -> Result<String, LakeError> {
    let time =
        jiff::Timestamp::from_microsecond(microseconds).map_err(|_| LakeError::NoDate { microseconds })?;
    Ok(Offset::UTC.to_datetime(time).date().to_string())
}
