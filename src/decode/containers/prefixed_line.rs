//! A record behind a prefix: what `oc adm node-logs`, container runtimes (`... stdout F `), syslog, stern and talosctl put
//! before a line. The first word of it that is a time is the line's: names of nodes, pods and containers may stand before it.

use super::kube_apiserver::decode_text;
use crate::decode::job::Job;
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
        time: prefix.split(' ').find_map(time::parse),
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

/// A prefix holds no quotes, but in syslog's structured data, and closes nothing that it didn't open
/// (`kube-apiserver[1]:` is syslog's): text that does is the end of a record whose head is missing.
fn split(line: &str) -> Option<(&str, &str)> {
    let (prefix, text) = line.split_at(line.find('{')?);
    let record = text[1..].trim_ascii_start().starts_with('"');
    let closed = prefix.find(']').is_some_and(|at| !prefix[..at].contains('['));
    let quoted = prefix.contains('"') && !is_syslog(prefix);
    let plain = !prefix.is_empty() && prefix.len() <= LONGEST && !prefix.contains('}') && !quoted && !closed;
    (record && plain).then_some((prefix, text))
}

/// `<13>1 2026-11-02T03:00:05.123456+00:00 host root - - [timeQuality tzKnown="1" isSynced="1"] `, by RFC 5424.
fn is_syslog(prefix: &str) -> bool {
    let priority = prefix.strip_prefix('<').and_then(|rest| rest.split_once(">1 "));
    priority.is_some_and(|(priority, _)| {
        (1..=3).contains(&priority.len()) && priority.bytes().all(|byte| byte.is_ascii_digit())
    })
}
