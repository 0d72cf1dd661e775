//! Events to record batches: defaults, redaction, outcome, identity.

use std::borrow::Cow;

use arrow::array::{ArrayRef, RecordBatch};

use super::column::{BigInt, Column, Flag, Integer, Lists, Texts, Time, Unique, Values};
use super::identity::{Identifying, Identity};
use super::redact::{self, Context};
use super::schema::{SCHEMA, position};
use crate::decode::AuditEvent;

/// What the command line says of a source, used where a record's container says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    pub cluster: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
}

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub source_uri: &'a str,
    /// The record's number in its source, from 0.
    pub source_record: i64,
    /// The offset of the outermost value or line after decompression, in bytes.
    pub source_offset: i64,
}

/// Finished rows, in the order in which they were appended.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Of [`SCHEMA`], in its order.
    pub(crate) columns: Vec<Values>,
    /// One per row.
    pub identities: Vec<Identity>,
}

impl Rows {
    /// The rows as Arrow has them, of [`SCHEMA`].
    pub fn batch(&self) -> RecordBatch {
        RecordBatch::try_new(SCHEMA.clone(), self.columns.iter().map(Values::array).collect())
            .expect("the columns have the types of SCHEMA, and one value for each row")
    }

    /// A column that holds strings.
    ///
    /// # Panics
    /// When there is no such column, or it holds something else: mistakes in this program.
    pub(crate) fn texts(&self, name: &str) -> &Texts {
        match &self.columns[position(name)] {
            Values::Texts(texts) => texts,
            _ => panic!("{name} holds no repeating strings"),
        }
    }

    /// A column that Arrow holds.
    ///
    /// # Panics
    /// As [`texts`](Self::texts).
    pub(crate) fn array(&self, name: &str) -> &ArrayRef {
        match &self.columns[position(name)] {
            Values::Array(array) => array,
            _ => panic!("{name} is no array"),
        }
    }
}

/// Collects rows until they are worth a batch. Secret values are masked on the way in.
pub struct RowBuilder {
    columns: Columns,
    identities: Vec<Identity>,
    scratch: Vec<u8>,
    redact: bool,
}

impl Default for RowBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl RowBuilder {
    pub fn new() -> Self {
        Self { columns: Columns::default(), identities: Vec::new(), scratch: Vec::new(), redact: true }
    }

    /// A builder that stores bodies and URIs as they were logged, secret values included.
    pub fn without_redaction() -> Self {
        Self { redact: false, ..Self::new() }
    }

    /// Rows appended since the last [`finish`](Self::finish).
    pub fn rows(&self) -> usize {
        self.identities.len()
    }

    /// Bytes that the rows take; up to twice as much is allocated.
    pub fn bytes(&self) -> usize {
        self.columns.bytes() + self.identities.len() * size_of::<Identity>()
    }

    /// Adds the row of one event.
    pub fn append(&mut self, event: &AuditEvent<'_>, place: &Place<'_>, defaults: &Defaults) {
        let columns = &mut self.columns;
        if self.redact {
            columns.append_redacted(event)
        } else {
            columns.append_as_logged(event)
        }
        let cluster = or_default(&event.cluster, &defaults.cluster);
        let identifying = Identifying {
            cluster,
            record_id: event.record_id.as_deref(),
            audit_id: event.audit_id.as_deref(),
            stage: event.stage.as_deref(),
            event_time: event.event_time,
            // As it is stored.
            request_uri: columns.request_uri.get(self.identities.len()),
            verb: event.verb.as_deref(),
            username: event.username.as_deref(),
        };
        self.identities.push(identifying.identity(&mut self.scratch));
        columns.cluster.push(cluster);
        columns.account.push(or_default(&event.account, &defaults.account));
        columns.region.push(or_default(&event.region, &defaults.region));
        columns.append_event(event);
        columns.source_uri.push(Some(place.source_uri));
        columns.source_record.push(place.source_record);
        columns.source_offset.push(place.source_offset);
    }

    /// Takes the memory of rows that are no longer needed, for the next ones: fresh memory has to be cleared by
    /// the kernel, which took a quarter of an ingest.
    ///
    /// Rows are lost that were appended since the builder was last [finished](Self::finish).
    pub fn reuse(&mut self, rows: Rows) {
        self.columns.reuse(rows.columns);
        self.identities = rows.identities;
        self.identities.clear();
    }

    /// The rows so far; the builder is empty afterwards, and holds next to no memory.
    pub fn finish(&mut self) -> Rows {
        let mut columns = std::mem::take(&mut self.columns);
        Rows { columns: columns.finish(), identities: std::mem::take(&mut self.identities) }
    }
}

fn or_default<'a>(value: &'a Option<Cow<'_, str>>, default: &'a Option<String>) -> Option<&'a str> {
    value.as_deref().or(default.as_deref())
}

/// The `outcome` column: what became of the request, as far as the record says.
fn outcome(response_code: Option<i32>, authz_decision: Option<&str>) -> &'static str {
    match response_code {
        _ if authz_decision == Some("forbid") => "denied",
        Some(401 | 403) => "denied",
        Some(400..) => "failed",
        Some(100..=399) => "success",
        _ => "unknown",
    }
}

macro_rules! columns {
    ($($name:ident: $column:ty,)*) => {
        /// A builder for each of `schema::COLUMNS`, in their order.
        #[derive(Default)]
        struct Columns {
            $($name: $column,)*
        }

        impl Columns {
            #[cfg(test)]
            const NAMES: &[&str] = &[$(stringify!($name)),*];

            fn finish(&mut self) -> Vec<Values> {
                vec![$(self.$name.finish()),*]
            }

            fn bytes(&self) -> usize {
                0 $(+ self.$name.bytes())*
            }

            /// Takes the memory of finished columns.
            fn reuse(&mut self, columns: Vec<Values>) {
                let mut columns = columns.into_iter();
                $(if let Some(values) = columns.next() {
                    self.$name.reuse(values);
                })*
            }
        }
    };
}

columns! {
    event_time: Time,
    event_time_source: Texts,
    stage_time: Time,
    log_type: Texts,
    cluster: Texts,
    account: Texts,
    region: Texts,
    log_stream: Texts,
    audit_id: Unique,
    record_id: Unique,
    stage: Texts,
    level: Texts,
    verb: Texts,
    request_uri: Texts,
    user_agent: Texts,
    api_group: Texts,
    api_version: Texts,
    resource: Texts,
    subresource: Texts,
    namespace: Texts,
    name: Texts,
    username: Texts,
    user_uid: Texts,
    user_groups: Lists,
    user_extra: Texts,
    impersonated_username: Texts,
    impersonated_groups: Lists,
    source_ips: Lists,
    response_code: Integer,
    response_reason: Texts,
    response_status: Texts,
    outcome: Texts,
    authz_decision: Texts,
    authz_reason: Texts,
    truncated: Flag,
    salvaged: Flag,
    redacted: Flag,
    source_uri: Texts,
    source_record: BigInt,
    source_offset: BigInt,
    annotations: Texts,
    request_object: Unique,
    response_object: Unique,
}

impl Columns {
    /// Appends what is stored as the event has it.
    fn append_event(&mut self, event: &AuditEvent<'_>) {
        self.event_time.push(Some(event.event_time));
        self.event_time_source.push(Some(event.event_time_source.as_str()));
        self.stage_time.push(event.stage_time);
        self.log_type.push(Some(event.log_type.as_str()));
        self.log_stream.push(event.log_stream.as_deref());
        self.audit_id.push(event.audit_id.as_deref());
        self.record_id.push(event.record_id.as_deref());
        self.stage.push(event.stage.as_deref());
        self.level.push(event.level.as_deref());
        self.verb.push(event.verb.as_deref());
        self.api_group.push(event.api_group.as_deref());
        self.api_version.push(event.api_version.as_deref());
        self.resource.push(event.resource.as_deref());
        self.subresource.push(event.subresource.as_deref());
        self.namespace.push(event.namespace.as_deref());
        self.name.push(event.name.as_deref());
        self.username.push(event.username.as_deref());
        self.user_uid.push(event.user_uid.as_deref());
        self.user_groups.push(&event.user_groups);
        self.impersonated_username.push(event.impersonated_username.as_deref());
        self.impersonated_groups.push(&event.impersonated_groups);
        self.source_ips.push(&event.source_ips);
        self.response_code.push(event.response_code);
        self.response_reason.push(event.response_reason.as_deref());
        self.outcome.push(Some(outcome(event.response_code, event.authz_decision.as_deref())));
        self.authz_decision.push(event.authz_decision.as_deref());
        self.authz_reason.push(event.authz_reason.as_deref());
        self.truncated.push(event.truncated);
        self.salvaged.push(event.salvaged);
    }

    /// Appends the texts that can hold secret values, masked.
    fn append_redacted(&mut self, event: &AuditEvent<'_>) {
        let context = Context::of(event);
        let body = |json| redact::body(json, context);
        let (annotations, status) = (event.annotations.as_deref(), event.response_status.as_deref());
        let masked = [
            self.request_uri.push_masked(event.request_uri.as_deref(), redact::uri),
            self.user_agent.push_masked(event.user_agent.as_deref(), redact::uri),
            self.user_extra.push_masked(event.user_extra.as_deref(), redact::text),
            match context {
                Context::Secret => self.response_status.push_masked_anew(status, redact::status),
                Context::Other => self.response_status.push_masked(status, redact::text),
            },
            match context {
                Context::Secret => self.annotations.push_masked_anew(annotations, body),
                Context::Other => self.annotations.push_masked(annotations, body),
            },
            self.request_object.push_masked(event.request_object.as_deref(), body),
            self.response_object.push_masked(event.response_object.as_deref(), body),
        ];
        self.redacted.push(masked.contains(&true));
    }

    /// Appends them as they are.
    fn append_as_logged(&mut self, event: &AuditEvent<'_>) {
        self.request_uri.push(event.request_uri.as_deref());
        self.user_agent.push(event.user_agent.as_deref());
        self.user_extra.push(event.user_extra.as_deref());
        self.response_status.push(event.response_status.as_deref());
        self.annotations.push(event.annotations.as_deref());
        self.request_object.push(event.request_object.as_deref());
        self.response_object.push(event.response_object.as_deref());
        self.redacted.push(false);
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
