//! Elasticsearch and OpenSearch: documents with what a shipper wrote in `_source`, one by one as elasticdump writes them,
//! or in the `hits` of an answer to a search; also with `fields` that were chosen in place of it, each a list of its values.

use crate::decode::fields::{Fields, Object, elements, is_empty, records};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "elasticsearch";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has_any(&["_source", "hits"])
        || (shape.has("responses") && shape.has("took"))
        || (shape.has("fields") && (shape.has("_index") || shape.count() == 1))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    // Without what an answer says of itself, an empty list is any other record's.
    let is_answer = fields.first(&["took", "_shards", "total"]).is_some();
    let is_list = |json: &&str| json.starts_with('[') && (is_answer || !is_empty(json));
    if let Some(source) = fields.record("_source") {
        job.envelope([source]);
    } else if let Some(source) = fields.text("_source") {
        // A table's column.
        job.envelope([Record::unread(source.trim_ascii())]);
    } else if let Some(list) = fields.raw("hits").filter(is_list) {
        job.envelope(records(list));
    } else if let Some(list) = fields.object("hits").raw("hits").filter(is_list) {
        job.envelope(records(list));
    } else if let Some(list) = fields.raw("responses").filter(is_list) {
        // Of several searches at once.
        job.envelope(records(list));
    } else if let Some(chosen) = fields.raw("fields").filter(|json| json.starts_with('{')) {
        job.envelope([Record::unread(&unlisted(&Fields::of(chosen)?))]);
    } else {
        return Err(Failure::NotMine);
    }
    Ok(())
}

/// Fields, without the lists around single values.
fn unlisted(fields: &Fields<'_>) -> String {
    let value = |json| match elements(json)[..] {
        [only] => only,
        _ => json,
    };
    fields.all().fold(Object::new(), |record, (key, json)| record.json(key, Some(value(json)))).finish()
}
