//! EKS: what the AWS command line and console give of a log group: `filter-log-events` and `get-log-events`
//! (`{"events":[...]}`), and Logs Insights, as `get-query-results` (`{"results":[[{"field","value"}]]}`) or as the
//! console's CSV. Insights' `@timestamp` has no zone and is UTC.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::eks_cloudwatch_group::Stream;
use super::eks_subscription::log_event;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, elements};
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Failure, part};

pub(super) const NAME: &str = "eks-cloudwatch-query";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    #[serde(borrow)]
    log_stream_name: Option<crate::decode::wire::Text<'a>>,
}

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

pub(super) fn decode(job: &mut Job<'_>, record: &str) -> Result<(), Failure> {
    let fields = Fields::of(record)?;
    if let Some(message) = fields.text("@message") {
        row(job, &fields, &message);
    } else if let Some(events) = fields.raw("events") {
        let events: Vec<&RawValue> = serde_json::from_str(events).map_err(|_| Failure::NotMine)?;
        events.into_iter().for_each(|event| listed(job, event));
    } else if let Some(results) = fields.raw("results") {
        elements(results).into_iter().for_each(|row| result(job, row));
    } else {
        let whole: &RawValue = serde_json::from_str(record).map_err(|_| Failure::NotMine)?;
        listed(job, whole);
    }
    Ok(())
}

fn listed(job: &mut Job<'_>, event: &RawValue) {
    let named: Named<'_> = part(Some(event), "event").unwrap_or_default();
    let stream = named.log_stream_name.map(|name| name.0);
    log_event(job, &Stream { stream: stream.as_deref(), ..Stream::default() }, event);
}

/// One result of a query: a list of fields with values, which are strings.
fn result(job: &mut Job<'_>, result: &str) {
    let mut object = crate::decode::fields::Object::new();
    for field in elements(result) {
        if let Ok(field) = Fields::of(field)
            && let Some(name) = field.text("field")
        {
            object = object.json(&name, field.raw("value"));
        }
    }
    let text = object.finish();
    match Fields::of(&text) {
        Ok(fields) if fields.raw("@message").is_some() => {
            row(job, &fields, &fields.text("@message").unwrap_or_default());
        }
        _ => job.reject(Failure::NotMine, result),
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
