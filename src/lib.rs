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
//! | sources to decode | [`sources::Source`], then [`decode::Chunk`]s of framed bytes | `sources/`, `decode/frame.rs` |
//! | decode to normalize | [`decode::Decoded`]: a [`decode::AuditEvent`], a [`decode::Reject`], or another record | `decode/` |
//! | normalize to lake | [`normalize::Rows`], a `RecordBatch` of [`normalize::schema`] | `normalize/` |
//! | lake to detect | Parquet files named by [`lake::Commit`]s, read through the views of `sql/schema` | `lake/`, `engine/` |
//! | detect to runbook | [`detect::HuntReport`] with its [`detect::Alert`]s | `detect/` |
//! | runbook to report | [`runbook::RunbookReport`] with its [`runbook::Step`]s | `runbook/` |
//!
//! The modules, in the order in which data comes through them:
//!
//! | module | what it is for |
//! |---|---|
//! | [`sources`] | where bytes come from |
//! | [`decode`] | bytes to events; every hostile byte ends here |
//! | [`normalize`] | event to row; secret values end here |
//! | [`lake`] | rows to Parquet, commits, rejects |
//! | [`ingest`] | drives these four over many sources and threads |
//! | [`sql`] | the files of `sql/`, embedded |
//! | [`engine`] | DuckDB over a lake's files; no other module names it |
//! | [`detect`] | rules, and the alerts that they give |
//! | [`query`] | an engine over a lake, and questions in SQL: the gate that they pass, the saved ones |
//! | [`hunt`] | drives a detection from a lake's files to the answer kept in it |
//! | [`runbook`] | an alert's follow-up |
//! | [`evidence`] | the original records behind an alert, from their sources |
//! | [`report`] | answers as people and programs read them; all escaping is done here |
//! | [`cli`] | one file per verb; only it writes to the terminal |
//! | [`simulate`] | logs with planted attacks, which tests and benchmarks stand on |
//!
//! What all of them may use: [`cancel`] to stop, [`progress`] to say how far they are, `hash` and `causes` for how a
//! hash and an error with its causes are written.

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
