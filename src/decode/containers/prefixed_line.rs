//! A record behind a prefix: what `oc adm node-logs`, container runtimes (`... stdout F `) and syslog put before a line.

use super::kube_apiserver::decode_text;
use crate::decode::decoder::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "prefixed-line";

/// A longer text before the first brace is no prefix.
const LONGEST: usize = 512;

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.line().and_then(split).is_some()
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let (prefix, text) = split(record.text).ok_or(Failure::NotMine)?;
    let context = Context {
        log_type: job.options.log_type,
        time: prefix.split(' ').next().and_then(time::parse),
        cut: job.is_cut(),
        ..Context::default()
    };
    match decode_text(job, text, &context) {
        Err(Failure::NotMine) => {
            job.envelope([Record::unread(text)]);
            Ok(())
        }
        outcome => outcome,
    }
}

/// A prefix holds no quotes and closes nothing that it didn't open (`kube-apiserver[1]:` is syslog's): text that does
/// is the end of a record whose head is missing.
fn split(line: &str) -> Option<(&str, &str)> {
    let (prefix, text) = line.split_at(line.find('{')?);
    let record = text[1..].trim_ascii_start().starts_with('"');
    let closed = prefix.find(']').is_some_and(|at| !prefix[..at].contains('['));
    let plain = !prefix.is_empty() && prefix.len() <= LONGEST && !prefix.contains(['"', '}']) && !closed;
    (record && plain).then_some((prefix, text))
}
