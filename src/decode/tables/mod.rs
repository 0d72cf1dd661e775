//! Tables to records: a row becomes an object with a field for each column that has a value.

mod csv_rows;
mod row_chunks;

use std::io;

pub use row_chunks::RowChunks;

pub(super) use csv_rows::{CsvRows, is_csv};

/// The rows of a table.
pub(super) trait Rows {
    /// Writes the next row as JSON; false at the end.
    ///
    /// # Errors
    /// When the table is damaged; then there are no more rows.
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool>;
}
