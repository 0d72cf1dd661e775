//! Event to row: the contract between Rust and SQL, and redaction.

pub mod schema;
