//! Records as pre-rendered text with slots. A container renders a call once, with marks where a
//! value changes from record to record; writing a record is one copy and a few patched bytes.

use super::clock::{Clock, SECOND};
use super::rng::{write_hex, write_uuid};

/// Marks that containers and bodies place in a record's text. Each has the width of the value
/// that takes its place, and holds nothing that JSON escapes. No other text may hold a `~`.
pub mod mark {
    /// auditID, 36 characters
    pub const AUDIT_ID: &str = "~A~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
    /// requestReceivedTimestamp without its Z, 26 characters
    pub const RECEIVED: &str = "~R~~~~~~~~~~~~~~~~~~~~~~~~";
    /// stageTimestamp without its Z, 26 characters
    pub const STAGE_TIME: &str = "~S~~~~~~~~~~~~~~~~~~~~~~~~";
    /// stageTimestamp to the millisecond without its Z, 23 characters
    pub const STAGE_MILLIS: &str = "~M~~~~~~~~~~~~~~~~~~~~~";
    /// stageTimestamp to the millisecond with a space for its T and without its Z, 23 characters
    pub const STAGE_SPACED: &str = "~P~~~~~~~~~~~~~~~~~~~~~";
    /// requestReceivedTimestamp with a space for its T and without its Z, 26 characters
    pub const RECEIVED_SPACED: &str = "~T~~~~~~~~~~~~~~~~~~~~~~~~";
    /// stageTimestamp in milliseconds since 1970, 13 characters
    pub const STAGE_EPOCH_MILLIS: &str = "~E~~~~~~~~~~~";
    /// stageTimestamp in microseconds since 1970, 16 characters
    pub const STAGE_EPOCH_MICROS: &str = "~U~~~~~~~~~~~~~~";
    /// requestReceivedTimestamp in milliseconds since 1970, 13 characters
    pub const RECEIVED_EPOCH_MILLIS: &str = "~Q~~~~~~~~~~~";
    /// when the log service took the record in, in milliseconds since 1970, 13 characters
    pub const ARRIVED_EPOCH_MILLIS: &str = "~J~~~~~~~~~~~";
    /// when the log service took the record in, without its Z, 26 characters
    pub const ARRIVED: &str = "~V~~~~~~~~~~~~~~~~~~~~~~~~";
    /// 16 hexadecimal digits that differ from request to request
    pub const SUFFIX: &str = "~X~~~~~~~~~~~~~~";
    /// 16 hexadecimal digits that differ from record to record
    pub const RECORD_ID: &str = "~I~~~~~~~~~~~~~~";
    /// 20 decimal digits that differ from record to record
    pub const DIGITS: &str = "~D~~~~~~~~~~~~~~~~~~";
}

/// What differs from record to record.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    pub audit_id: [u64; 2],
    pub received: i64,
    pub stage_time: i64,
    pub suffix: u64,
    pub record_id: u64,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    AuditId,
    Received,
    StageTime,
    StageMillis,
    StageSpaced,
    ReceivedSpaced,
    StageEpochMillis,
    StageEpochMicros,
    ReceivedEpochMillis,
    ArrivedEpochMillis,
    Arrived,
    Suffix,
    RecordId,
    Digits,
}

impl Slot {
    const ALL: [(Self, &'static str); 14] = [
        (Self::AuditId, mark::AUDIT_ID),
        (Self::Received, mark::RECEIVED),
        (Self::StageTime, mark::STAGE_TIME),
        (Self::StageMillis, mark::STAGE_MILLIS),
        (Self::StageSpaced, mark::STAGE_SPACED),
        (Self::ReceivedSpaced, mark::RECEIVED_SPACED),
        (Self::StageEpochMillis, mark::STAGE_EPOCH_MILLIS),
        (Self::StageEpochMicros, mark::STAGE_EPOCH_MICROS),
        (Self::ReceivedEpochMillis, mark::RECEIVED_EPOCH_MILLIS),
        (Self::ArrivedEpochMillis, mark::ARRIVED_EPOCH_MILLIS),
        (Self::Arrived, mark::ARRIVED),
        (Self::Suffix, mark::SUFFIX),
        (Self::RecordId, mark::RECORD_ID),
        (Self::Digits, mark::DIGITS),
    ];
}

/// A record's text and where its values go.
#[derive(Debug)]
pub struct Template {
    text: Box<[u8]>,
    slots: Box<[(u32, u32, Slot)]>,
}

impl Template {
    /// Finds the marks in `text`.
    pub fn new(text: String) -> Self {
        let slots = marks(&text).map(|(start, end, slot)| (start as u32, end as u32, slot)).collect();
        Self { text: text.into_bytes().into(), slots }
    }

    /// Appends the record with its values to `out`.
    #[inline]
    pub fn render(&self, out: &mut Vec<u8>, values: &Values, clock: &mut Clock) {
        let base = out.len();
        out.extend_from_slice(&self.text);
        for &(start, end, slot) in &self.slots {
            let to = &mut out[base + start as usize..base + end as usize];
            match slot {
                Slot::AuditId => write_uuid(to, values.audit_id),
                Slot::Received => clock.write(to, values.received),
                Slot::StageTime | Slot::StageMillis => clock.write(to, values.stage_time),
                Slot::StageSpaced => spaced(clock, to, values.stage_time),
                Slot::ReceivedSpaced => spaced(clock, to, values.received),
                Slot::StageEpochMillis => decimal(to, values.stage_time as u64 / 1_000),
                Slot::StageEpochMicros => decimal(to, values.stage_time as u64),
                Slot::ReceivedEpochMillis => decimal(to, values.received as u64 / 1_000),
                Slot::ArrivedEpochMillis => {
                    let arrived = values.stage_time + arrival_delay(values.record_id);
                    decimal(to, arrived as u64 / 1_000);
                }
                Slot::Arrived => clock.write(to, values.stage_time + arrival_delay(values.record_id)),
                Slot::Suffix => write_hex(to, values.suffix),
                Slot::RecordId => write_hex(to, values.record_id),
                Slot::Digits => decimal(to, values.record_id),
            }
        }
    }
}

/// The last position up to `at` that is inside no mark and no character.
pub fn outside_marks(text: &str, at: usize) -> usize {
    let around = marks(text).find(|(start, end, _)| *start < at && at < *end);
    around.map_or_else(|| text.floor_char_boundary(at), |(start, ..)| start)
}

/// The marks in a text, with where they begin and end.
fn marks(text: &str) -> impl Iterator<Item = (usize, usize, Slot)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + text[from..].find('~')?;
            if let Some((slot, mark)) = Slot::ALL.iter().find(|(_, mark)| text[at..].starts_with(mark)) {
                from = at + mark.len();
                return Some((at, from, *slot));
            }
            from = at + 1;
        }
    })
}

/// A time with a space for its T.
fn spaced(clock: &mut Clock, to: &mut [u8], micros: i64) {
    clock.write(to, micros);
    to[10] = b' ';
}

/// A number's last digits, with zeros before them.
fn decimal(to: &mut [u8], value: u64) {
    let mut value = value;
    for digit in to.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// One to six seconds; real entries show 1 to 29.
fn arrival_delay(record_id: u64) -> i64 {
    SECOND + (record_id % 5_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_values_of_the_same_width() {
        let text = format!("a {} b {} c {}!", mark::AUDIT_ID, mark::RECEIVED, mark::SUFFIX);
        let values = Values { audit_id: [0, 0], received: 0, stage_time: 0, suffix: 0xabc, record_id: 0 };
        let mut out = Vec::new();
        Template::new(text).render(&mut out, &values, &mut Clock::default());
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a 00000000-0000-4000-8000-000000000000 b 1970-01-01T00:00:00.000000 c 0000000000000abc!"
        );
    }

    #[test]
    fn every_mark_has_a_form_of_its_own() {
        let values = Values {
            audit_id: [0, 0],
            received: 1_793_491_200_123_456,
            stage_time: 1_793_491_201_654_321,
            suffix: 0,
            record_id: 7,
        };
        for (mark, expected) in [
            (mark::STAGE_MILLIS, "2026-11-01T00:00:01.654"),
            (mark::STAGE_SPACED, "2026-11-01 00:00:01.654"),
            (mark::RECEIVED_SPACED, "2026-11-01 00:00:00.123456"),
            (mark::STAGE_EPOCH_MILLIS, "1793491201654"),
            (mark::STAGE_EPOCH_MICROS, "1793491201654321"),
            (mark::RECEIVED_EPOCH_MILLIS, "1793491200123"),
            (mark::ARRIVED_EPOCH_MILLIS, "1793491202654"),
            (mark::DIGITS, "00000000000000000007"),
        ] {
            let mut out = Vec::new();
            Template::new(mark.to_owned()).render(&mut out, &values, &mut Clock::default());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
