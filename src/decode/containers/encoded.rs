//! Records that travel as base64: CloudWatch subscriptions in Lambda's and Kinesis' events (base64 of gzip), and
//! GKE's log entries in Pub/Sub messages.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::decode::RejectCode;
use crate::decode::decompress::{decompress, is_compressed};
use crate::decode::fields::records;
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "base64-message";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("awslogs")
        || shape.has("kinesis")
        || shape.has("Records")
        || shape.has("data")
        || (shape.has("message") && (shape.has("subscription") || shape.has("ackId")))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    // A value that is no list holds no record: another container may know this one.
    if let Some(list) = fields.raw("Records").filter(|json| json.starts_with('[')) {
        job.envelope(records(list));
        return Ok(());
    }
    let inside = ["awslogs", "kinesis", "message"];
    let data =
        fields.text("data").or_else(|| inside.iter().find_map(|name| fields.object(name).text("data")));
    let text = unpack(job, &data.ok_or(Failure::NotMine)?)?;
    let text = text.trim_start_matches('\u{feff}').trim_ascii();
    // Any other text may be a value, which mustn't be kept as a reject in the clear.
    if !text.starts_with('{') {
        return Err(Failure::NotMine);
    }
    job.envelope([Record::unread(text)]);
    Ok(())
}

/// The text in base64, which may be compressed.
pub(super) fn unpack(job: &Job<'_>, data: &str) -> Result<String, Failure> {
    let bytes = BASE64.decode(data.trim_ascii()).map_err(|_| Failure::NotMine)?;
    if !is_compressed(&bytes) {
        return Ok(text(bytes));
    }
    let limit = job.room();
    let mut unpacked = Vec::new();
    let broken = |_| Failure::new(RejectCode::Cut, "the compressed data in base64 is cut or damaged");
    let reader = decompress(Box::new(Cursor::new(bytes)))
        .map_err(|_| Failure::new(RejectCode::TooDeep, "compressed too many times over"))?;
    let read = reader.take(limit as u64 + 1).read_to_end(&mut unpacked);
    job.unpacked(unpacked.len());
    read.map_err(broken)?;
    if unpacked.len() > limit {
        return Err(Failure::new(RejectCode::TooLong, format!("longer than {limit} bytes inside base64")));
    }
    Ok(text(unpacked))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
