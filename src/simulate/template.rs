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
    /// when the log service took the record in, without its Z, 26 characters
    pub const ARRIVED: &str = "~V~~~~~~~~~~~~~~~~~~~~~~~~";
    /// 16 hexadecimal digits that differ from request to request
    pub const SUFFIX: &str = "~X~~~~~~~~~~~~~~";
    /// 16 hexadecimal digits that differ from record to record
    pub const RECORD_ID: &str = "~I~~~~~~~~~~~~~~";
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
    Arrived,
    Suffix,
    RecordId,
}

impl Slot {
    const ALL: [(Self, &'static str); 7] = [
        (Self::AuditId, mark::AUDIT_ID),
        (Self::Received, mark::RECEIVED),
        (Self::StageTime, mark::STAGE_TIME),
        (Self::StageMillis, mark::STAGE_MILLIS),
        (Self::Arrived, mark::ARRIVED),
        (Self::Suffix, mark::SUFFIX),
        (Self::RecordId, mark::RECORD_ID),
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
        let mut slots = Vec::new();
        let mut from = 0;
        while let Some(found) = text[from..].find('~') {
            let at = from + found;
            match Slot::ALL.iter().find(|(_, mark)| text[at..].starts_with(mark)) {
                Some((slot, mark)) => {
                    slots.push((at as u32, (at + mark.len()) as u32, *slot));
                    from = at + mark.len();
                }
                None => from = at + 1,
            }
        }
        Self { text: text.into_bytes().into(), slots: slots.into() }
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
                Slot::Arrived => clock.write(to, values.stage_time + arrival_delay(values.record_id)),
                Slot::Suffix => write_hex(to, values.suffix),
                Slot::RecordId => write_hex(to, values.record_id),
            }
        }
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
}
