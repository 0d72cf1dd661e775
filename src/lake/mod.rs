//! Rows to Parquet: layout, writer, commit log, rejects.
