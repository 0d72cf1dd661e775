//! What a wrapper hands on: an Event's text, a line of another log, or a record in a further container.

use super::kube_apiserver::decode_text;
use super::plain_text;
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::wire::{Context, Failure};

/// Decodes the text that a record is wrapped around. Always hands something out.
pub(super) fn decode(job: &mut Job<'_>, text: &str, context: &Context<'_>) {
    let text = text.trim_ascii();
    if text.starts_with('{') {
        match decode_text(job, text, context) {
            Ok(()) => {}
            Err(Failure::NotMine) => job.envelope([Record::unread(text)]),
            Err(failure) => job.reject(failure, text),
        }
    } else if let Some(kind) = plain_text::kind(text) {
        job.other(kind);
    } else if text.is_empty() {
        job.reject(Failure::NotMine, text);
    } else {
        job.envelope([Record::unread(text)]);
    }
}
