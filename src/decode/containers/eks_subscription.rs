//! EKS: what a CloudWatch Logs subscription sends, as Firehose writes it to S3: objects with a list of messages,
//! joined without newlines, often gzip in gzip. A `CONTROL_MESSAGE` only checks that somebody listens.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::eks_cloudwatch_group::Stream;
use crate::decode::decoder::{Job, json_failure};
use crate::decode::shape::Shape;
use crate::decode::wire::{Failure, Millis, Text, part};

pub(super) const NAME: &str = "eks-subscription";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    message_type: Text<'a>,
    owner: Option<Text<'a>>,
    log_group: Option<Text<'a>>,
    log_stream: Option<Text<'a>>,
    log_events: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct LogEvent<'a> {
    timestamp: Option<Millis>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("messageType") && (shape.has("logEvents") || shape.has("logGroup"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &str) -> Result<(), Failure> {
    let message: Message<'_> = serde_json::from_str(record).map_err(|error| json_failure(&error, record))?;
    if message.message_type.0 == "CONTROL_MESSAGE" {
        job.other("eks:control-message");
        return Ok(());
    }
    let text = |text: &'_ Option<Text<'_>>| text.as_ref().map(|text| text.0.to_string());
    let (owner, group, stream) = (text(&message.owner), text(&message.log_group), text(&message.log_stream));
    let stream = Stream { group: group.as_deref(), stream: stream.as_deref(), account: owner.as_deref() };
    for raw in message.log_events.ok_or(Failure::NotMine)? {
        log_event(job, &stream, raw);
    }
    Ok(())
}

/// Decodes an element of `logEvents` or `events`; always hands something out.
pub(super) fn log_event(job: &mut Job<'_>, stream: &Stream<'_>, raw: &RawValue) {
    match part::<LogEvent<'_>>(Some(raw), "log event") {
        Ok(LogEvent { timestamp, message: Some(message) }) => {
            stream.message(job, timestamp.map(|time| time.0), &message.0);
        }
        Ok(_) => job.reject(Failure::NotMine, raw.get()),
        Err(failure) => job.reject(failure, raw.get()),
    }
}
