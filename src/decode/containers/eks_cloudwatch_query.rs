//! EKS: what the AWS command line and console give of a log group: `filter-log-events` and `get-log-events`
//! (`{"events":[...]}`), and Logs Insights, as `get-query-results` (`{"results":[[{"field","value"}]]}`, or the list alone
//! where `--query results` or `jq` took it out) or as the console's CSV and JSON, which has `@message` as an object. Insights'
//! `@timestamp` has no zone and is UTC. Also rows of messages: what the console's log viewer downloads
//! (`timestamp,message`), tables that Athena has of a group (`loggroup`, `logstream`), and a subscription's messages one by
//! one (`logGroup`, `logStream`), as functions and pipelines pass them on.

use std::borrow::Cow;

use super::eks_cloudwatch_group::Stream;
use super::eks_log_event::log_event;
use crate::decode::cursor::Cursor;
use crate::decode::fields::{Fields, elements, list_of, scalar};
use crate::decode::job::Job;
use crate::decode::quick::{self, put};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "eks-cloudwatch-query";

/// What the log groups of EKS begin with, and its audit log's streams.
const GROUPS: &str = "/aws/eks/";
const AUDIT: &str = "kube-apiserver-audit";

/// What tables call the group of a row, and its stream.
const GROUP_COLUMNS: [&str; 2] = ["loggroup", "logGroup"];
const STREAM_COLUMNS: [&str; 3] = ["logstream", "logStream", "log_stream"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    let listed = shape.has("nextToken")
        || shape.has("searchedLogStreams")
        || shape.has("nextForwardToken")
        || shape.has("nextBackwardToken");
    shape.line().is_some_and(is_result)
        || shape.has("@message")
        || (shape.has("events") && (listed || shape.count() == 1))
        || (shape.has("results") && (shape.has("status") || shape.has("statistics")))
        || (shape.has("message")
            && (shape.has("ingestionTime") || shape.has("eventId") || shape.has("logGroup")))
        || (shape.has("message") && shape.has_any(&STREAM_COLUMNS))
        || (shape.has("message") && shape.has("timestamp") && shape.count() == 2)
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    if is_result(record.text) {
        result(job, record.text, &parsed(record.text));
        return Ok(());
    }
    let fields = record.fields()?;
    if let Some(message) = text_of(fields, "@message") {
        row(job, fields, &message);
    } else if let Some(events) = fields.raw("events") {
        let events = list_of(events).map_err(|_| Failure::NotMine)?;
        events.into_iter().for_each(|event| log_event(job, None, event));
    } else if let Some(results) = fields.raw("results").filter(|json| json.starts_with('[')) {
        each_result(job, results);
    } else if fields.first(&["ingestionTime", "eventId"]).is_some() {
        log_event(job, None, record.text);
    } else {
        return table_row(job, fields);
    }
    Ok(())
}

/// Decodes a row of a table of messages. It has to say that they are of EKS, as others name groups and streams too; the
/// log viewer says it by nothing but its time.
fn table_row(job: &mut Job<'_>, fields: &Fields<'_>) -> Result<(), Failure> {
    let message = text_of(fields, "message").ok_or(Failure::NotMine)?;
    let first = |names: &[&str]| names.iter().find_map(|name| fields.text(name));
    let (stream, group) = (first(&STREAM_COLUMNS), first(&GROUP_COLUMNS));
    let time = fields.text("timestamp").or_else(|| fields.text("time"));
    let time = match (&group, &stream) {
        (None, None) => {
            let is_text = fields.raw("timestamp").is_some_and(|json| json.starts_with('"'));
            Some(time.filter(|_| is_text).and_then(|text| time::from_millis(&text)).ok_or(Failure::NotMine)?)
        }
        (Some(group), _) if !group.contains(GROUPS) => return Err(Failure::NotMine),
        (None, Some(stream)) if !stream.starts_with(AUDIT) && message.contains("auditID") => {
            return Err(Failure::NotMine);
        }
        _ => time.and_then(|text| time::stamp(&text)),
    };
    let account = fields.text("owner");
    let stream = Stream { group: group.as_deref(), stream: stream.as_deref(), account: account.as_deref() };
    stream.message(job, time, &message);
    Ok(())
}

/// Whether a list is a result of a query.
fn is_result(list: &str) -> bool {
    let field = list.strip_prefix('[').and_then(|rest| rest.trim_ascii_start().strip_prefix('{'));
    field.is_some_and(|rest| rest.trim_ascii_start().starts_with("\"field\""))
}

/// Decodes the results of a query. Each is a list of fields with values, which are strings.
fn each_result(job: &mut Job<'_>, results: &str) {
    let mut read = 0;
    let usual = quick::whole(results, |cursor| {
        cursor.list(|cursor| {
            // The others are not even looked at: a sample is one result of a file that is one record.
            let (text, fields) = (!job.is_over).then(|| result_at(cursor))??;
            read += 1;
            result(job, text, &fields);
            Some(())
        })
    });
    if usual.is_none() && !job.is_over {
        for text in elements(results).into_iter().skip(read) {
            result(job, text, &parsed(text));
        }
    }
}

/// The result that a cursor is at, as text and by its fields.
fn result_at<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Fields<'a>)> {
    let mut fields = None;
    let text = cursor.text_of(|cursor| {
        fields = cursor.list(field_at);
        fields.is_some().then_some(())
    })?;
    let named = fields?.into_iter().filter(|(name, value)| !name.is_empty() && *value != "null");
    Some((text, named.collect()))
}

/// The name and the value of the field that a cursor is at.
fn field_at<'a>(cursor: &mut Cursor<'a>) -> Option<(Cow<'a, str>, &'a str)> {
    let (mut field, mut value) = (None, None);
    cursor.object(|cursor, key| match key {
        "field" => put(&mut field, cursor.text()),
        "value" => put(&mut value, cursor.value()),
        _ => cursor.skip(),
    })?;
    Some((field?.0, value?))
}

/// The same of any result.
fn parsed(result: &str) -> Fields<'_> {
    let fields = elements(result).into_iter().filter_map(|field| Fields::of(field).ok());
    fields.filter_map(|field| Some((field.text("field")?, field.raw("value")?))).collect()
}

fn result(job: &mut Job<'_>, text: &str, fields: &Fields<'_>) {
    match fields.raw("@message") {
        Some(_) => row(job, fields, &text_of(fields, "@message").unwrap_or_default()),
        None => job.reject(Failure::NotMine, text),
    }
}

/// A message, also where the console or a pipeline has parsed it.
fn text_of<'a>(fields: &Fields<'a>, name: &str) -> Option<Cow<'a, str>> {
    let json = fields.raw(name)?;
    if json.starts_with('{') { Some(json.into()) } else { scalar(json) }
}

fn row(job: &mut Job<'_>, fields: &Fields<'_>, message: &str) {
    let (group, stream) = (fields.text("@log"), fields.text("@logStream"));
    let account = group.as_deref().and_then(|group| group.split_once(':')).map(|(account, _)| account);
    let time =
        fields.text("@timestamp").and_then(|text| time::parse(&text).or_else(|| time::from_millis(&text)));
    let stream = Stream { group: group.as_deref(), stream: stream.as_deref(), account };
    stream.message(job, time, message);
}
