//! EKS: what the AWS command line and console give of a log group: `filter-log-events` and `get-log-events`
//! (`{"events":[...]}`), and Logs Insights, as `get-query-results` (`{"results":[[{"field","value"}]]}`) or as the
//! console's CSV. Insights' `@timestamp` has no zone and is UTC.

use super::eks_cloudwatch_group::Stream;
use super::eks_log_event::log_event;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, elements, list_of};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "eks-cloudwatch-query";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    let listed = shape.has("nextToken")
        || shape.has("searchedLogStreams")
        || shape.has("nextForwardToken")
        || shape.has("nextBackwardToken");
    shape.has("@message")
        || (shape.has("events") && (listed || shape.is_alone()))
        || (shape.has("results") && (shape.has("status") || shape.has("statistics")))
        || (shape.has("message") && (shape.has("ingestionTime") || shape.has("eventId")))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    if let Some(message) = fields.text("@message") {
        row(job, fields, &message);
    } else if let Some(events) = fields.raw("events") {
        let events = list_of(events).map_err(|_| Failure::NotMine)?;
        events.into_iter().for_each(|event| log_event(job, None, event));
    } else if let Some(results) = fields.raw("results") {
        elements(results).into_iter().for_each(|row| result(job, row));
    } else {
        log_event(job, None, record.text);
    }
    Ok(())
}

/// One result of a query: a list of fields with values, which are strings.
fn result(job: &mut Job<'_>, result: &str) {
    if job.is_over {
        return;
    }
    let fields = elements(result).into_iter().filter_map(|field| {
        let field = Fields::of(field).ok()?;
        Some((field.text("field")?, field.raw("value")?))
    });
    let fields = Fields::from_iter(fields);
    match fields.raw("@message") {
        Some(_) => row(job, &fields, &fields.text("@message").unwrap_or_default()),
        None => job.reject(Failure::NotMine, result),
    }
}

fn row(job: &mut Job<'_>, fields: &Fields<'_>, message: &str) {
    let (group, stream) = (fields.text("@log"), fields.text("@logStream"));
    let account = group.as_deref().and_then(|group| group.split_once(':')).map(|(account, _)| account);
    let time =
        fields.text("@timestamp").and_then(|text| time::parse(&text).or_else(|| time::from_millis(&text)));
    let stream = Stream { group: group.as_deref(), stream: stream.as_deref(), account };
    stream.message(job, time, message);
}
