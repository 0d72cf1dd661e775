//! What log shippers wrap around an Event: Fluent Bit and Fluentd (the event under `log` or `message`, as a string or
//! an object), Filebeat (`kubernetes.audit`), Splunk's HTTP event collector (`event`) and Datadog (`message`).

use super::message;
use crate::decode::decoder::Job;
use crate::decode::fields::scalar;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "shipper";

const WRAPPERS: [&str; 4] = ["log", "message", "kubernetes.audit", "event"];

/// When the shipper read the line. Fluent Bit calls it `date` where it isn't told otherwise.
const TIMES: [&str; 4] = ["time", "@timestamp", "timestamp", "date"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    WRAPPERS.iter().any(|key| shape.has(key)) || shape.has("kubernetes")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let audit = fields.object("kubernetes").raw("audit");
    let value = audit.or_else(|| fields.first(&WRAPPERS)).ok_or(Failure::NotMine)?;
    let text = if value.starts_with('{') { value.into() } else { scalar(value).ok_or(Failure::NotMine)? };
    let is_record = text.contains("auditID") || text.contains("protoPayload");
    if !is_record {
        return Err(Failure::NotMine);
    }
    let context = Context {
        log_type: job.options.log_type,
        time: TIMES.iter().find_map(|name| time::of_shipper(&fields.text(name)?)),
        cut: job.is_cut(),
        ..Context::default()
    };
    message::decode(job, &text, &context);
    Ok(())
}
