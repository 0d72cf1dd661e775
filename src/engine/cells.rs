//! Reads the cells of an answer by column name and type.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};

use super::EngineError;

/// One batch of an answer. Every reader gives None for null, and an error for a column that is
/// missing or of another type, which is a mistake in the SQL.
pub struct Cells<'a>(&'a RecordBatch);

impl<'a> Cells<'a> {
    pub fn new(batch: &'a RecordBatch) -> Self {
        Self(batch)
    }

    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// VARCHAR
    pub fn text(&self, row: usize, name: &str) -> Result<Option<String>, EngineError> {
        text(self.column(name)?, row).ok_or_else(|| wrong(name))
    }

    /// INTEGER or BIGINT
    pub fn int(&self, row: usize, name: &str) -> Result<Option<i64>, EngineError> {
        int(self.column(name)?, row).ok_or_else(|| wrong(name))
    }

    /// BOOLEAN
    pub fn bool(&self, row: usize, name: &str) -> Result<Option<bool>, EngineError> {
        let column = self.column(name)?.as_boolean_opt().ok_or_else(|| wrong(name))?;
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    /// TIMESTAMP, in microseconds since 1970-01-01T00:00Z
    pub fn time(&self, row: usize, name: &str) -> Result<Option<i64>, EngineError> {
        let column =
            self.column(name)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| wrong(name))?;
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    /// VARCHAR[] without its nulls; empty for null
    pub fn texts(&self, row: usize, name: &str) -> Result<Vec<String>, EngineError> {
        self.list(row, name, text)
    }

    /// BIGINT[] without its nulls; empty for null
    pub fn ints(&self, row: usize, name: &str) -> Result<Vec<i64>, EngineError> {
        self.list(row, name, int)
    }

    fn list<T>(
        &self,
        row: usize,
        name: &str,
        read: fn(&ArrayRef, usize) -> Option<Option<T>>,
    ) -> Result<Vec<T>, EngineError> {
        let column = self.column(name)?.as_list_opt::<i32>().ok_or_else(|| wrong(name))?;
        if column.is_null(row) {
            return Ok(Vec::new());
        }
        let items = column.value(row);
        let read: Option<Vec<Option<T>>> = (0..items.len()).map(|item| read(&items, item)).collect();
        Ok(read.ok_or_else(|| wrong(name))?.into_iter().flatten().collect())
    }

    fn column(&self, name: &str) -> Result<&'a ArrayRef, EngineError> {
        self.0.column_by_name(name).ok_or_else(|| wrong(name))
    }
}

fn wrong(name: &str) -> EngineError {
    EngineError::Column { name: name.to_owned() }
}

/// None for another type, Some(None) for null.
fn text(column: &ArrayRef, row: usize) -> Option<Option<String>> {
    let valid = column.is_valid(row);
    if let Some(strings) = column.as_string_opt::<i32>() {
        return Some(valid.then(|| strings.value(row).to_owned()));
    }
    let strings = column.as_string_view_opt()?;
    Some(valid.then(|| strings.value(row).to_owned()))
}

fn int(column: &ArrayRef, row: usize) -> Option<Option<i64>> {
    let valid = column.is_valid(row);
    if let Some(ints) = column.as_primitive_opt::<Int32Type>() {
        return Some(valid.then(|| ints.value(row).into()));
    }
    let ints = column.as_primitive_opt::<Int64Type>()?;
    Some(valid.then(|| ints.value(row)))
}
