//! What a Lambda function on a CloudWatch Logs subscription is called with: the message in gzip in base64, an event on
//! each line.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::subscription::{Subscription, log_event};
use super::{Container, Framing, Packing, Source, hourly};
use crate::simulate::output::Gzip;

pub struct EksLambda(Subscription);

impl EksLambda {
    pub fn new(cluster: &str) -> Self {
        Self(Subscription::new(cluster))
    }
}

impl Container for EksLambda {
    fn source(&self) -> &dyn Source {
        &self.0.cluster
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        log_event(&record)
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("lambda-events-{lane}"), opened, "json")
    }

    fn framing(&self, lane: usize) -> Framing<'_> {
        self.0.framing(lane)
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Event(Gzip::new())))
    }
}

struct Event(Gzip);

impl Packing for Event {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        let data = STANDARD.encode(self.0.member(message));
        packed.extend(format!("{{\"awslogs\":{{\"data\":\"{data}\"}}}}\n").bytes());
    }
}
