//! The containers that records come in, a file each.
//!
//! A container's file has the same three names: `NAME`, `recognises` (by a record's outside) and `decode`,
//! which fails only before it has handed anything out. To add one, write its file and name it here.

mod aks_diagnostics;
mod aks_event_hub_capture;
mod aks_log_analytics;
mod eks_cloudwatch_export;
mod eks_cloudwatch_group;
mod eks_cloudwatch_query;
mod eks_log_event;
mod eks_sentinel;
mod eks_subscription;
mod elasticsearch;
mod encoded;
pub(super) mod flattened;
mod gke_entry;
mod gke_log_entry;
mod gke_table;
pub(super) mod kube_apiserver;
mod loki;
mod message;
mod otlp;
pub(super) mod plain_text;
mod prefixed_line;
mod security_lake;
mod shipper;
mod splunk;

use super::job::Job;
use super::record::Record;
use super::shape::Shape;
use super::wire::Failure;

/// A container, as the decoder uses it.
pub(super) struct Container {
    /// How documents call it.
    pub name: &'static str,
    pub recognises: fn(&Shape<'_>) -> bool,
    pub decode: fn(&mut Job<'_>, &Record<'_>) -> Result<(), Failure>,
}

macro_rules! containers {
    ($($module:ident),* $(,)?) => {
        /// In the order in which they are asked. A container is asked before those whose records hold fewer
        /// marks.
        pub(super) const CONTAINERS: &[Container] = &[$(Container {
            name: $module::NAME,
            recognises: $module::recognises,
            decode: $module::decode,
        }),*];
    };
}

containers![
    kube_apiserver,
    gke_log_entry,
    aks_diagnostics,
    eks_cloudwatch_export,
    plain_text,
    // From here on, asked by their marks alone.
    eks_subscription,
    eks_cloudwatch_query,
    eks_sentinel,
    aks_event_hub_capture,
    aks_log_analytics,
    gke_table,
    security_lake,
    otlp,
    encoded,
    shipper,
    // Of these a record has marks that others have too: `streams`, `line`, `hits`.
    splunk,
    elasticsearch,
    loki,
    prefixed_line,
    // Last, as these keys stand beside the record itself in rows of others.
    flattened,
];

/// How many of the containers are tried on a record because the one before it was in them. They leave a record to
/// those that are asked before them (`claims`), so that this never changes what comes out; the others' marks only tell
/// in their order.
pub(super) const EXACT: usize = 5;
