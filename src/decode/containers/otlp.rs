//! OpenTelemetry's logs as OTLP JSON. The event stands whole in the body of a log record; its attributes
//! (`k8s.audit.event.*`) repeat a part of it.

use super::message;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, elements, records};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "otlp";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("resourceLogs")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    for resource in records(fields.raw("resourceLogs").ok_or(Failure::NotMine)?) {
        let resource = resource.into_fields();
        let attributes = resource.object("resource");
        let cluster = attribute(&attributes, "k8s.cluster.name");
        for scope in resource.raw("scopeLogs").map(records).unwrap_or_default() {
            for log in scope.into_fields().raw("logRecords").map(records).unwrap_or_default() {
                log_record(job, log, cluster.as_deref());
            }
        }
    }
    Ok(())
}

fn log_record(job: &mut Job<'_>, log: Record<'_>, cluster: Option<&str>) {
    if job.is_over {
        return;
    }
    let (record, fields) = (log.text, log.into_fields());
    let Some(text) = fields.object("body").text("stringValue") else {
        return job.reject(Failure::NotMine, record);
    };
    let nanos = fields.text("timeUnixNano").and_then(|text| text.parse::<i64>().ok());
    let context = Context {
        log_type: job.options.log_type,
        cluster,
        time: nanos.filter(|&nanos| nanos > 0).map(|nanos| nanos / 1_000),
        cut: job.is_cut(),
        ..Context::default()
    };
    message::decode(job, &text, &context);
}

/// A string attribute.
fn attribute(resource: &Fields<'_>, name: &str) -> Option<String> {
    let attributes = elements(resource.raw("attributes")?);
    let found = attributes
        .into_iter()
        .filter_map(|attribute| Fields::of(attribute).ok())
        .find(|attribute| attribute.text("key").as_deref() == Some(name))?;
    found.object("value").text("stringValue").map(Into::into)
}
