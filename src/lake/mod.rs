//! Rows to Parquet: layout, writer, commit log, rejects.

pub mod error;
pub mod identity;
pub mod writer;

pub use error::LakeError;
pub use writer::StagedFile;
