//! EKS: what a CloudWatch Logs subscription sends, as Firehose writes it to S3: objects with a list of messages,
//! joined without newlines, often gzip in gzip. A `CONTROL_MESSAGE` only checks that somebody listens.

use serde::Deserialize;

use super::eks_cloudwatch_group::Stream;
use super::eks_log_event::log_event;
use crate::decode::fields::{Fields, string};
use crate::decode::job::Job;
use crate::decode::quick::{self, put};
use crate::decode::reasons::json_failure;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Failure, Raw, Text, as_str};

pub(super) const NAME: &str = "eks-subscription";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    message_type: Text<'a>,
    owner: Option<Text<'a>>,
    log_group: Option<Text<'a>>,
    log_stream: Option<Text<'a>>,
    log_events: Option<Vec<Raw<'a>>>,
}

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("messageType") && (shape.has("logEvents") || shape.has("logGroup"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let message = match usual(record.fields()?) {
        Some(message) => message,
        None => serde_json::from_str(record.text).map_err(|error| json_failure(&error, record.text))?,
    };
    if message.message_type.0 == "CONTROL_MESSAGE" {
        job.other("eks:control-message");
        return Ok(());
    }
    let stream = Stream {
        group: as_str(&message.log_group),
        stream: as_str(&message.log_stream),
        account: as_str(&message.owner),
    };
    for Raw(event) in message.log_events.ok_or(Failure::NotMine)? {
        log_event(job, Some(&stream), event);
    }
    Ok(())
}

/// A message as CloudWatch writes it; `None` where serde must look.
fn usual<'a>(fields: &Fields<'a>) -> Option<Message<'a>> {
    let (mut message_type, mut log_events) = (None, None);
    let (mut owner, mut log_group, mut log_stream) = (None, None, None);
    for (key, value) in fields.all() {
        match key {
            "messageType" => put(&mut message_type, string(value))?,
            "owner" => put(&mut owner, string(value))?,
            "logGroup" => put(&mut log_group, string(value))?,
            "logStream" => put(&mut log_stream, string(value))?,
            "logEvents" => put(&mut log_events, quick::elements(value))?,
            _ => {}
        }
    }
    Some(Message { message_type: message_type?, owner, log_group, log_stream, log_events })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::fields;

    fn usual_fields() -> serde_json::Value {
        json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/a/cluster", "logStream": "s\n",
            "subscriptionFilters": ["all"], "logEvents": [{"id": "1"}, 2],
        })
    }

    fn read(record: &str) -> Option<String> {
        usual(&Fields::of(record).ok()?).map(|message| format!("{message:?}"))
    }

    #[test]
    fn reads_what_is_usual_by_itself() {
        assert!(read(&usual_fields().to_string()).is_some());
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(record in fields(usual_fields())) {
            if let Some(message) = read(&record) {
                let parsed: Message<'_> = serde_json::from_str(&record).expect("a message");
                prop_assert_eq!(message, format!("{parsed:?}"));
            }
        }
    }
}
