//! A CloudWatch Logs subscription to Firehose, which writes objects to S3: each message is gzip, they are joined, and
//! Firehose compresses the object again. Its objects have no suffix.

use std::path::PathBuf;

use super::subscription::{Subscription, log_event};
use super::{Container, Framing, Packing, Source, folders};
use crate::simulate::output::Gzip;

pub struct EksFirehose(Subscription);

impl EksFirehose {
    pub fn new(cluster: &str) -> Self {
        Self(Subscription::new(cluster))
    }
}

impl Container for EksFirehose {
    fn source(&self) -> &dyn Source {
        &self.0.cluster
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        log_event(&record)
    }

    fn path(&self, lane: usize, opened: i64, part: u32) -> PathBuf {
        let (folders, task) = (folders(opened), &self.0.cluster.task);
        format!("firehose/{folders}/audit-{lane}-{part:04}-{task}").into()
    }

    fn framing(&self, lane: usize) -> Framing<'_> {
        self.0.framing(lane)
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Member(Gzip::new())))
    }

    fn gzip(&self) -> bool {
        true
    }
}

/// Each message a gzip member.
struct Member(Gzip);

impl Packing for Member {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        packed.extend(self.0.member(message));
    }
}
