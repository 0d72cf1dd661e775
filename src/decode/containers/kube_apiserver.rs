//! What the API server writes itself: audit.k8s.io Events (v1, v1beta1, v1alpha1) in a log file, and the
//! EventList of its webhook. Also Events that a shipper added keys to (ViaQ, Panther), since unknown keys are
//! passed over.

use super::flattened;
use super::message;
use crate::decode::RejectCode;
use crate::decode::cut;
use crate::decode::fields::{Fields, string};
use crate::decode::job::Job;
use crate::decode::quick;
use crate::decode::reasons::json_failure;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::surrogates;
use crate::decode::wire::{Context, Event, Failure, Raw, as_str, may_be_event, usual_or};

pub(super) const NAME: &str = "kube-apiserver";

const EVENT_LIST: &str = "EventList";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    let (kind, api_version) = shape.type_meta();
    is_marked(as_str(&kind), as_str(&api_version), shape.has("auditID"))
}

fn is_marked(kind: Option<&str>, api_version: Option<&str>, has_audit_id: bool) -> bool {
    let named = kind.is_some() && api_version.is_some();
    (may_be_event(kind, api_version) && (named || has_audit_id)) || kind == Some(EVENT_LIST)
}

/// The same as [`recognises`], for containers that may be tried on a record before this one is asked.
pub(super) fn claims(kind: Option<Raw<'_>>, api_version: Option<Raw<'_>>, has_audit_id: bool) -> bool {
    let kind = kind.and_then(|Raw(json)| string(json));
    let api_version = api_version.and_then(|Raw(json)| string(json));
    is_marked(as_str(&kind), as_str(&api_version), has_audit_id)
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    if !record.text.starts_with('{') || record.fields().is_ok_and(flattened::is_event_of) {
        return Err(Failure::NotMine);
    }
    let record = record.text;
    let event = parse(record)?;
    if is_list(&event) {
        for Raw(item) in usual_or(event.items, quick::elements, "items")? {
            if job.is_over {
                break;
            }
            if let Err(failure) = parse(item).and_then(|event| single(job, event, item)) {
                job.refused(failure, item);
            }
        }
        return Ok(());
    }
    single(job, event, record)
}

fn single(job: &mut Job<'_>, event: Event<'_>, record: &str) -> Result<(), Failure> {
    let context = Context { log_type: job.options.log_type, cut: job.is_cut(), ..Context::default() };
    decode_inner(job, event, record, &context)
}

/// Hands out an Event that another container holds, or that stands alone.
pub(super) fn decode_inner<'a>(
    job: &mut Job<'_>,
    event: Event<'a>,
    record: &str,
    context: &Context<'a>,
) -> Result<(), Failure> {
    if !event.is_audit() || (event.has_dotted && flattened::holds_event(record)) {
        return Err(Failure::NotMine);
    }
    // Of a request that nobody could be named for the server writes an empty one.
    if event.user.is_none() && !context.cut {
        let detail = "an Event without user, which the API server always writes: were its fields renamed?";
        return Err(Failure::new(RejectCode::NotAudit, detail));
    }
    let event = event.into_audit(record, context)?;
    job.event(&event);
    Ok(())
}

/// Hands out the Event that is the text of another container's record, or what is left of it where it was cut; of several
/// values in the text, each as a record of its own.
pub(super) fn decode_text(job: &mut Job<'_>, text: &str, context: &Context<'_>) -> Result<(), Failure> {
    let failure = match parse(text) {
        Ok(event) => return decode_inner(job, event, text, context),
        Err(failure) => failure,
    };
    if let Some(closed) = failure.is_cut().then(|| cut::close(text)).flatten() {
        let event = parse(&closed)?;
        if !event.is_audit() {
            return Err(Failure::new(RejectCode::Cut, "too little is left before the cut"));
        }
        let event = event.into_audit(text, &Context { cut: true, ..*context })?;
        job.event(&event);
        return Ok(());
    }
    let (first, rest) = Record::first_of(text);
    if !rest.is_empty() {
        each(job, first.text, rest, context);
        return Ok(());
    }
    match surrogates::mended(text) {
        Some(mended) if !failure.is_cut() => decode_text(job, &mended, context),
        _ => Err(failure),
    }
}

/// Hands out the values that stand in a text one after another, as shippers that join lines leave them. What follows them
/// and is no JSON is one record more.
fn each(job: &mut Job<'_>, first: &str, rest: &str, context: &Context<'_>) {
    let (mut value, mut rest) = (first, rest);
    while !value.is_empty() && !job.is_over {
        let context = Context { cut: job.is_cut(), ..*context };
        message::decode(job, value, &context);
        let (next, others) = Record::first_of(rest);
        (value, rest) = (next.text, others);
    }
}

/// Reads an Event's JSON.
pub(in crate::decode) fn parse(record: &str) -> Result<Event<'_>, Failure> {
    if let Some(event) = quick::event(record) {
        return Ok(event);
    }
    match serde_json::from_str(record) {
        Ok(event) => {
            let has_dotted = Fields::of(record).is_ok_and(|fields| flattened::has_dotted(&fields));
            Ok(Event { has_dotted, ..event })
        }
        // A column has the name of a list, and a text.
        Err(error) if error.is_data() && flattened::holds_event(record) => Err(Failure::NotMine),
        Err(error) => Err(json_failure(&error, record)),
    }
}

fn is_list(event: &Event<'_>) -> bool {
    let audit = |version: &str| version.starts_with("audit.k8s.io/");
    event.kind.as_ref().is_some_and(|kind| kind.0 == EVENT_LIST)
        && event.api_version.as_ref().is_some_and(|version| audit(&version.0))
}
