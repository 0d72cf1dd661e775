//! Cells of CSV files.

/// A row of quoted cells, without a line end. Marks come through as they are.
pub fn row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells = cells.into_iter().map(|cell| format!("\"{}\"", cell.as_ref().replace('"', "\"\"")));
    cells.collect::<Vec<_>>().join(",")
}
