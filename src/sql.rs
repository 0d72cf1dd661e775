//! The files of `sql/`, embedded at build time.

use include_dir::{Dir, include_dir};

static SQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");

/// The text of one file, without the semicolon that ends its statement.
///
/// # Panics
/// When there is no such file: a mistake in this program, never of its input.
pub fn file(path: &str) -> &'static str {
    find(path).unwrap_or_else(|| panic!("no file sql/{path}"))
}

/// As [`file`], for a file that need not be there.
pub fn find(path: &str) -> Option<&'static str> {
    SQL.get_file(path).and_then(|file| file.contents_utf8()).map(statement)
}

/// The `.sql` files directly in a folder as (name, text), sorted by name.
pub fn files(folder: &str) -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> = SQL
        .get_dir(folder)
        .into_iter()
        .flat_map(|dir| dir.files())
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "sql"))
        .filter_map(|file| Some((file.path().to_str()?, statement(file.contents_utf8()?))))
        .collect();
    files.sort_unstable();
    files
}

/// The folders directly in a folder, as paths within `sql/`, sorted.
pub fn folders(folder: &str) -> Vec<&'static str> {
    let mut folders: Vec<_> = SQL
        .get_dir(folder)
        .into_iter()
        .flat_map(|dir| dir.dirs())
        .filter_map(|dir| dir.path().to_str())
        .collect();
    folders.sort_unstable();
    folders
}

fn statement(text: &str) -> &str {
    let text = text.trim_end();
    text.strip_suffix(';').unwrap_or(text)
}
