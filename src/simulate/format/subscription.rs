//! The message of a CloudWatch Logs subscription, which Firehose, Kinesis and Lambda get in one form each.

use super::Framing;
use super::eks::{ACCOUNT, EksCluster};
use super::quoted;
use crate::simulate::template::mark;

/// CloudWatch sends what is 1 MiB at most when compressed; this much text is some 30 KB then.
const MESSAGE_BYTES: usize = 256 * 1024;

/// What CloudWatch sends to see whether somebody listens.
const CONTROL: &str = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1793491200000,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;

/// The messages of a cluster's log group.
pub struct Subscription {
    pub cluster: EksCluster,
    /// The message's beginning, for each stream.
    opens: [String; 2],
}

impl Subscription {
    pub fn new(cluster: &str) -> Self {
        let cluster = EksCluster::new(cluster);
        let open = |stream: &String| {
            format!(
                r#"{{"messageType":"DATA_MESSAGE","owner":"{ACCOUNT}","logGroup":"{}","logStream":"{stream}","subscriptionFilters":["audit"],"logEvents":["#,
                cluster.group()
            )
        };
        let opens = [open(&cluster.streams[0]), open(&cluster.streams[1])];
        Self { cluster, opens }
    }

    pub fn framing(&self, lane: usize) -> Framing<'_> {
        let open = &self.opens[lane];
        Framing { head: CONTROL, open, between: ",", close: "]}", message_bytes: MESSAGE_BYTES }
    }
}

/// A log event. Its id has 56 digits, as CloudWatch's have.
pub fn log_event(record: &str) -> String {
    let (id, time) = (mark::DIGITS, mark::STAGE_EPOCH_MILLIS);
    format!(
        r#"{{"id":"3685{zeros}{id}","timestamp":{time},"message":{}}}"#,
        quoted(record),
        zeros = "0".repeat(32)
    )
}
