//! Tables to records: a row becomes an object with a field for each column that has a value.

mod answer;
mod answer_rows;
mod avro_blocks;
mod avro_rows;
mod csv_rows;
mod csv_usual;
mod guarded;
mod header;
mod json_rows;
mod parquet_bounds;
mod parquet_rows;
mod row_chunks;
mod thrift;
mod window;
mod yaml;
mod yaml_rows;
mod yaml_scalars;
mod yaml_usual;

use std::io;

use super::error::damaged;

pub use row_chunks::RowChunks;

pub(super) use answer_rows::{AnswerRows, is_answer};
pub(super) use avro_blocks::is_avro;
pub(super) use avro_rows::AvroRows;
pub(super) use csv_rows::{CsvRows, is_csv};
pub(super) use parquet_rows::{ParquetRows, is_parquet};
pub(super) use yaml_rows::{YamlRows, is_yaml};

/// The rows of a table.
pub(super) trait Rows {
    /// Writes the next row as JSON; false at the end.
    ///
    /// # Errors
    /// When the table is damaged; then there are no more rows.
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool>;
}
