//! EKS: an export of the cluster's CloudWatch log group to S3 (CreateExportTask). Every line is a time, a
//! space and the message as it was logged: `2019-08-09T18:00:00.000Z {...}`; some exports have the time in epoch
//! milliseconds. The group's other streams (API server, authenticator, scheduler) are klog and logfmt text. The
//! line doesn't say which cluster it is from.

use super::kube_apiserver::decode_text;
use super::{loki, plain_text};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "eks-cloudwatch-export";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.line().and_then(message).is_some()
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let (time, message) = message(record.text).ok_or(Failure::NotMine)?;
    if !message.starts_with('{') {
        let kind = plain_text::kind(message).ok_or(Failure::NotMine)?;
        job.other(kind);
        return Ok(());
    }
    let context = Context { log_type: Some(LogType::EksAudit), time: Some(time), ..Context::default() };
    match decode_text(job, message, &context) {
        // JSON behind a time, but no audit record: no other container has lines like this.
        Err(Failure::NotMine) => {
            job.reject(
                Failure::new(crate::decode::RejectCode::NotAudit, "a message that is no audit record"),
                record.text,
            );
            Ok(())
        }
        outcome => outcome,
    }
}

/// The time, in microseconds, and the message after it.
fn message(line: &str) -> Option<(i64, &str)> {
    if !line.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (stamp, message) = line.split_once(' ')?;
    let is_iso = stamp.len() >= 20 && stamp.ends_with('Z');
    let time = if is_iso { time::parse(stamp) } else { time::from_millis(stamp) };
    let message = message.trim_ascii();
    time.filter(|_| !loki::has_labels(message)).map(|time| (time, message))
}
