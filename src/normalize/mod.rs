//! Event to row: the contract between Rust and SQL, and redaction.

mod column;
mod distinct;
pub mod identity;
pub mod redact;
pub mod row;
pub mod schema;

pub(crate) use column::{Lists, Texts, Values};
pub(crate) use distinct::Distinct;
pub use identity::Identity;
pub use row::{Defaults, Place, RowBuilder, Rows};
