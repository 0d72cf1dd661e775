//! What log shippers wrap around an Event: Fluent Bit and Fluentd (the event under `log` or `message`, as a string or
//! an object), Filebeat (`kubernetes.audit`, or `message`, beside what it says of the file in `log`), Splunk's HTTP event
//! collector (`event`) and Datadog (`message`). Elastic's pipelines keep the text that they took apart in `event.original`.
//! Exports of tables have the same names.

use std::borrow::Cow;

use super::{message, plain_text};
use crate::decode::fields::{Fields, scalar};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "shipper";

const WRAPPERS: [&str; 4] = ["log", "message", "kubernetes.audit", "event.original"];

/// When the line was read. Fluent Bit calls it `date` where it isn't told otherwise.
pub(super) const TIMES: [&str; 5] = ["time", "@timestamp", "timestamp", "_time", "date"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has_any(&WRAPPERS) || shape.has_any(&["event", "kubernetes"])
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let text = wrapped(fields).or_else(|| other_log(fields)).ok_or(Failure::NotMine)?;
    let context = Context {
        log_type: job.options.log_type,
        time: TIMES.iter().find_map(|name| time::stamp(&fields.text(name)?)),
        cut: job.is_cut(),
        ..Context::default()
    };
    message::decode(job, &text, &context);
    Ok(())
}

/// The first of the values under such names that is a record.
fn wrapped<'a>(fields: &Fields<'a>) -> Option<Cow<'a, str>> {
    let audit = fields.object("kubernetes").raw("audit");
    let named = WRAPPERS.iter().filter_map(|name| fields.raw(name));
    let inside =
        std::iter::once_with(|| fields.object("event").raw("original").or_else(|| fields.raw("event")));
    audit.into_iter().chain(named).chain(inside.flatten()).find_map(|value| {
        let text = if value.starts_with('{') { value.into() } else { scalar(value)? };
        (text.contains("auditID") || text.contains("protoPayload")).then_some(text)
    })
}

/// The line of another component's log, which is in the same files.
fn other_log<'a>(fields: &Fields<'a>) -> Option<Cow<'a, str>> {
    let texts = ["log", "message"].iter().filter_map(|name| fields.text(name));
    texts.into_iter().find(|text| plain_text::kind(text.trim_ascii()).is_some())
}
