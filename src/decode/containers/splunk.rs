//! Splunk: the results of a search, each with the event's text in `_raw`: as rows of CSV, as a line each
//! (`{"preview":false,"result":{...}}`), or in the `results` of its API. Sumo Logic's rows have a `_raw` too.
//!
//! Splunk cuts events after `TRUNCATE` bytes, which are 10,000 where nobody set it:
//! <https://help.splunk.com/en/splunk-enterprise/administer/admin-manual/10.0/configuration-file-reference/10.0.0-configuration-file-reference/props.conf>.

use super::message;
use crate::decode::fields::{Fields, is_empty, records};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "splunk";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("_raw")
        || (shape.has("preview") && shape.has_any(&["result", "results", "lastrow"]))
        || (shape.has("results") && (shape.has("init_offset") || shape.count() == 1))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    if let Some(raw) = fields.text("_raw") {
        let stamp = fields.text("_time").or_else(|| fields.text("_messagetime"));
        let context = Context {
            log_type: job.options.log_type,
            time: stamp.and_then(|text| time::stamp(&text)),
            cut: job.is_cut(),
            ..Context::default()
        };
        message::decode(job, &raw, &context);
    } else if let Some(results) =
        fields.raw("results").filter(|json| json.starts_with('[') && !is_empty(json))
    {
        job.envelope(records(results));
    } else if let Some(result) = fields.record("result") {
        job.envelope([result]);
    } else if fields.raw("lastrow").is_some() || is_empty_answer(fields) {
        job.other("splunk:no-result");
    } else {
        return Err(Failure::NotMine);
    }
    Ok(())
}

/// Whether a search found nothing. Without what an answer says of itself, an empty list is any other record's.
fn is_empty_answer(fields: &Fields<'_>) -> bool {
    fields.raw("results").is_some_and(is_empty) && fields.first(&["init_offset", "preview"]).is_some()
}
