//! AKS: what Event Hubs Capture keeps of an event hub, as rows of an Avro file: a message, with its records, in
//! `Body`, as an object or as text.

use super::encoded::unpack;
use crate::decode::RejectCode;
use crate::decode::fields::{Fields, Object, records};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "aks-event-hub-capture";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    // A message may have no body.
    let marks = ["Body", "EnqueuedTimeUtc", "SequenceNumber"].iter().filter(|mark| shape.has(mark));
    marks.count() >= 2
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    if let Some(body) = fields.raw("Body").filter(|body| body.starts_with('{')) {
        job.envelope([Record::unread(body)]);
        return Ok(());
    }
    let Some(body) = fields.text("Body") else {
        job.other("event-hub:empty");
        return Ok(());
    };
    let body = body.trim_start_matches('\u{feff}').trim_ascii();
    if body.starts_with('{') {
        job.envelope([Record::unread(body)]);
    } else if body.starts_with('[') {
        job.envelope(records(body));
    } else {
        // Bytes that are no text come in base64, and may be compressed.
        match unpack(job, body) {
            Ok(text) if text.trim_ascii().starts_with('{') => {
                job.envelope([Record::unread(text.trim_ascii())]);
            }
            _ => {
                let failure = Failure::new(RejectCode::NotAudit, "a message that is no JSON");
                job.reject(failure, &without_body(fields));
            }
        }
    }
    Ok(())
}

/// What a reject may keep: a message that is no JSON may be anything.
fn without_body(fields: &Fields<'_>) -> String {
    Object::new()
        .json("SequenceNumber", fields.raw("SequenceNumber"))
        .json("Offset", fields.raw("Offset"))
        .json("EnqueuedTimeUtc", fields.raw("EnqueuedTimeUtc"))
        .finish()
}
