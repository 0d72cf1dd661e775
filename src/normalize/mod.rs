//! Event to row: the contract between Rust and SQL, and redaction.

mod column;
pub mod identity;
pub mod redact;
pub mod row;
pub mod schema;

pub use identity::Identity;
pub use row::{Defaults, Place, RowBuilder, Rows};
