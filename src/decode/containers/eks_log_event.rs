//! EKS: a message of a log group with what CloudWatch says of it, an element of a subscription's `logEvents` or of the
//! lists that the AWS command line gives.

use serde::Deserialize;

use super::eks_cloudwatch_group::Stream;
use crate::decode::job::Job;
use crate::decode::quick::{put, whole};
use crate::decode::wire::{Failure, Millis, Raw, Text, as_str, part};

#[derive(Debug, Default, Deserialize)]
struct LogEvent<'a> {
    timestamp: Option<Millis>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    /// Read by itself: a bad one costs no message.
    #[serde(skip)]
    stream: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    #[serde(borrow)]
    log_stream_name: Option<Text<'a>>,
}

/// Decodes a message; always hands something out. Where the list says nothing of the stream, the message may.
pub(super) fn log_event(job: &mut Job<'_>, stream: Option<&Stream<'_>>, record: &str) {
    if job.is_over {
        return;
    }
    match usual(record).map_or_else(|| parsed(record), Ok) {
        Ok(LogEvent { timestamp, message: Some(message), stream: own }) => {
            let own = Stream { stream: as_str(&own), ..Stream::default() };
            stream.unwrap_or(&own).message(job, timestamp.map(|time| time.0), &message.0);
        }
        Ok(_) => job.reject(Failure::NotMine, record),
        Err(failure) => job.reject(failure, record),
    }
}

/// A message as CloudWatch writes it; `None` where serde must look.
fn usual(record: &str) -> Option<LogEvent<'_>> {
    let mut event = LogEvent::default();
    whole(record, |cursor| {
        cursor.object(|cursor, key| match key {
            "timestamp" => put(&mut event.timestamp, cursor.raw().and_then(Millis::of)),
            "message" => put(&mut event.message, cursor.text()),
            "logStreamName" => put(&mut event.stream, cursor.text()),
            _ => cursor.skip(),
        })
    })?;
    Some(event)
}

fn parsed(record: &str) -> Result<LogEvent<'_>, Failure> {
    let named: Named<'_> = part(Some(Raw(record)), "event").unwrap_or_default();
    let event: LogEvent<'_> = part(Some(Raw(record)), "log event")?;
    Ok(LogEvent { stream: named.log_stream_name, ..event })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::fields;

    fn usual_fields() -> serde_json::Value {
        json!({
            "id": "1", "timestamp": 1_793_491_200_000_u64, "message": "{\"a\":\"\\n\"}", "ingestionTime": 2,
            "logStreamName": "kube-apiserver-audit-1",
        })
    }

    #[test]
    fn reads_what_is_usual_by_itself() {
        let read = usual(&usual_fields().to_string()).map(|event| format!("{event:?}"));
        assert_eq!(read, parsed(&usual_fields().to_string()).ok().map(|event| format!("{event:?}")));
        assert!(read.is_some());
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(record in fields(usual_fields())) {
            if let Some(event) = usual(&record) {
                prop_assert_eq!(format!("{event:?}"), format!("{:?}", parsed(&record).expect("an event")));
            }
        }
    }
}
