//! The containers that records come in, a file each.
//!
//! A container's file has the same three names: `NAME`, `recognises` (by a record's outside) and `decode`,
//! which fails only before it has handed anything out. To add one, write its file and name it here.

mod aks_diagnostics;
mod eks_cloudwatch_export;
mod gke_log_entry;
mod kube_apiserver;
mod plain_text;

use super::decoder::Job;
use super::shape::Shape;
use super::wire::Failure;

/// A container, as the decoder uses it.
pub(super) struct Container {
    /// How documents call it.
    #[allow(dead_code, reason = "read by the tests; a listing of what was recognised will show it")]
    pub name: &'static str,
    pub recognises: fn(&Shape<'_>) -> bool,
    pub decode: fn(&mut Job<'_>, &str) -> Result<(), Failure>,
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

containers![kube_apiserver, gke_log_entry, aks_diagnostics, eks_cloudwatch_export, plain_text];
