//! Grafana Loki: lines with the labels of their stream, as logcli writes them (`TIME {name="value"} LINE`, or JSON with
//! `line`), as the API answers a query (`data.result`, `streams`), and as rows of Grafana's CSV (`Line`).

use super::message;
use crate::decode::cursor::Cursor;
use crate::decode::fields::{Fields, elements, is_empty, records, scalar};
use crate::decode::job::Job;
use crate::decode::quick::whole;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "loki";

/// What says which cluster a line is from, where the collector was told to.
const CLUSTER: &str = "cluster";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    match shape.line() {
        Some(line) => labelled(line).is_some(),
        None => {
            (shape.has("line") && shape.has_any(&["labels", "timestamp", "Time", "tsNs"]))
                || (shape.has("values") && shape.has("stream"))
                || (shape.has("data") && shape.has("status"))
                || (shape.has("result") && shape.has("resultType"))
                || shape.has("streams")
        }
    }
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    if let Some(labelled) = labelled(record.text) {
        let Labelled { time, cluster, line } = labelled;
        self::line(job, Some(time), cluster, line);
        return Ok(());
    }
    let fields = record.fields()?;
    let is_list = |json: &&str| json.starts_with('[');
    if let Some(line) = fields.text("line") {
        let cluster = fields.object("labels").text(CLUSTER);
        self::line(job, row_time(fields), cluster.as_deref(), &line);
    } else if let Some(values) = fields.raw("values").filter(is_list) {
        let cluster = fields.object("stream").text(CLUSTER);
        each_value(job, values, cluster.as_deref());
    } else {
        let list = fields.object("data").raw("result").or_else(|| fields.first(&["result", "streams"]));
        // Without what an answer says of itself, an empty list is any other record's.
        let is_answer = fields.first(&["status", "resultType"]).is_some();
        let list = list.filter(is_list).filter(|json| is_answer || !is_empty(json));
        job.envelope(records(list.ok_or(Failure::NotMine)?));
    }
    Ok(())
}

/// Grafana writes its `Time` in the zone of who looks, and does not say in which.
fn row_time(fields: &Fields<'_>) -> Option<i64> {
    let own = fields.text("tsNs").or_else(|| fields.text("timestamp"));
    own.and_then(|text| time::stamp(&text)).or_else(|| time::from_epoch(&fields.text("Time")?))
}

/// Decodes the values of a stream, each a time in nanoseconds and a line.
fn each_value(job: &mut Job<'_>, values: &str, cluster: Option<&str>) {
    let usual = whole(values, |cursor| cursor.list(value));
    let values =
        usual.unwrap_or_else(|| elements(values).into_iter().map(|value| (value, elements(value))).collect());
    for (text, value) in values {
        if job.is_over {
            return;
        }
        let [stamp, line, ..] = value[..] else {
            job.reject(Failure::NotMine, text);
            continue;
        };
        match scalar(line) {
            Some(line) => {
                let time = scalar(stamp).and_then(|stamp| time::from_epoch(&stamp));
                self::line(job, time, cluster, &line);
            }
            None => job.reject(Failure::NotMine, text),
        }
    }
}

/// The value that a cursor is at, and its parts.
fn value<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Vec<&'a str>)> {
    let mut parts = None;
    let text = cursor.text_of(|cursor| {
        parts = cursor.list(Cursor::value);
        parts.is_some().then_some(())
    })?;
    Some((text, parts?))
}

fn line(job: &mut Job<'_>, time: Option<i64>, cluster: Option<&str>, line: &str) {
    let context =
        Context { log_type: job.options.log_type, cluster, time, cut: job.is_cut(), ..Context::default() };
    message::decode(job, line, &context);
}

/// A line behind its time and its labels.
struct Labelled<'a> {
    time: i64,
    cluster: Option<&'a str>,
    line: &'a str,
}

fn labelled(text: &str) -> Option<Labelled<'_>> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (stamp, rest) = text.split_once(' ')?;
    let (cluster, line) = labels(rest.trim_ascii_start())?;
    Some(Labelled { time: time::parse(stamp)?, cluster, line })
}

/// Whether a text begins with labels that something follows.
pub(super) fn has_labels(text: &str) -> bool {
    labels(text).is_some()
}

/// The label of the cluster and what follows the labels that a text begins with, as in `{a="b", cluster="c"} LINE`. logcli
/// leaves out those that all lines have, which may be all: `{} LINE`.
fn labels(text: &str) -> Option<(Option<&str>, &str)> {
    let mut rest = text.strip_prefix('{')?;
    let mut cluster = None;
    while !rest.starts_with('}') {
        let (name, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?);
        let inside = behind.strip_prefix("=\"").filter(|_| !name.is_empty())?;
        let end = quote_end(inside)?;
        if name == CLUSTER {
            cluster = Some(&inside[..end]).filter(|value| !value.is_empty() && !value.contains('\\'));
        }
        rest = &inside[end + 1..];
        rest = rest.strip_prefix(", ").unwrap_or(rest);
    }
    let line = rest[1..].strip_prefix(' ')?.trim_ascii();
    (!line.is_empty()).then_some((cluster, line))
}

/// Where a text in quotes ends.
fn quote_end(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_labels_from_a_record() {
        for (text, expected) in [
            ("{a=\"b\"} {\"kind\":1}", Some((None, "{\"kind\":1}"))),
            ("{a=\"}\\\"\", cluster=\"c\"}   {}", Some((Some("c"), "{}"))),
            ("{} {\"kind\":1}", Some((None, "{\"kind\":1}"))),
            ("{}", None),
            ("{} ", None),
            ("{\"kind\":1} {}", None),
            ("{a=\"b", None),
            ("{a=\"b\"", None),
            ("{a=b} x", None),
            ("{=\"b\"} x", None),
            ("", None),
        ] {
            assert_eq!(labels(text), expected, "{text}");
        }
    }
}
