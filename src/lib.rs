//! kubetrawl trawls months of Kubernetes audit logs on one machine.
//!
//! ```text
//! sources ──> decode ──> normalize ──> lake ──> detect ──> runbook ──> report
//! bytes       AuditEvent RecordBatch   Parquet   Alert      Step        table csv json
//!             + Reject ───────────────────────────────────────────────> accounting
//! ```
//!
//! | arrow | type | where |
//! |---|---|---|
//! | sources to decode | [`sources::Source`], then chunks of framed bytes | `sources/`, `decode/frame.rs` |
//! | decode to normalize | [`decode::AuditEvent`], [`decode::Decoded`] | `decode/` |
//! | normalize to lake | `RecordBatch` of [`normalize::schema`] | `normalize/` |
//! | lake to detect | Parquet files named by [`lake::Commit`]s, read through the views of `sql/schema` | `lake/`, `engine/` |
//! | detect to report | [`detect::HuntReport`] with its [`detect::Alert`]s | `detect/` |
//!
//! `ingest/` drives the first three arrows over many sources and threads. Only `engine/` names
//! DuckDB, only `cli/` writes to the terminal.

// Data and messages go through cli/, which writes to handles it was given.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod cancel;
mod causes;
pub mod decode;
pub mod detect;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod evidence;
mod hash;
#[cfg(feature = "engine")]
pub mod hunt;
pub mod ingest;
pub mod lake;
pub mod normalize;
pub mod progress;
pub mod query;
pub mod report;
#[cfg(feature = "engine")]
pub mod runbook;
pub mod simulate;
pub mod sources;
pub mod sql;
#[cfg(test)]
mod testing;

// The checks that fuzz/ shares with the tests name this crate from outside.
#[cfg(test)]
extern crate self as kubetrawl;
#[cfg(test)]
mod fuzz_tests;

pub mod cli;
