//! A CloudWatch Logs subscription to a Kinesis stream, as a consumer is called with its records: the message in
//! gzip in base64.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::eks::{ACCOUNT, REGION};
use super::subscription::{Subscription, log_event};
use super::{Container, Framing, Packing, Source, hourly};
use crate::simulate::output::Gzip;

pub struct EksKinesis(Subscription);

impl EksKinesis {
    pub fn new(cluster: &str) -> Self {
        Self(Subscription::new(cluster))
    }
}

impl Container for EksKinesis {
    fn source(&self) -> &dyn Source {
        &self.0.cluster
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        log_event(&record)
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("kinesis-records-{lane}"), opened, "json")
    }

    fn framing(&self, lane: usize) -> Framing<'_> {
        self.0.framing(lane)
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Records { gzip: Gzip::new(), number: 0 }))
    }
}

/// A call with one record for each message.
struct Records {
    gzip: Gzip,
    number: u64,
}

impl Packing for Records {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        let data = STANDARD.encode(self.gzip.member(message));
        let sequence = format!("4959{:052}", self.number);
        self.number += 1;
        let record = format!(
            r#"{{"Records":[{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"audit","sequenceNumber":"{sequence}","data":"{data}"}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:{sequence}","eventName":"aws:kinesis:record","awsRegion":"{REGION}","eventSourceARN":"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/audit"}}]}}"#
        );
        packed.extend(record.bytes());
        packed.push(b'\n');
    }
}
