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

/// All files of a folder and of the folders in it as (path within the folder, text), sorted.
pub fn all(folder: &str) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let mut open: Vec<_> = SQL.get_dir(folder).into_iter().collect();
    while let Some(dir) = open.pop() {
        open.extend(dir.dirs());
        found.extend(dir.files().filter_map(|file| {
            let name = file.path().strip_prefix(folder).ok()?.to_str()?;
            Some((name.to_owned(), file.contents_utf8()?))
        }));
    }
    found.sort_unstable();
    found
}

/// The macros as (name, text), each after those it calls: DuckDB refuses a macro that calls an unknown one.
pub fn macros() -> Vec<(&'static str, &'static str)> {
    let mut pending = files("macros");
    let mut ordered = Vec::with_capacity(pending.len());
    while !pending.is_empty() {
        let calls = |text: &str, name: &str| text.contains(&format!("{}(", stem(name)));
        let waits =
            |name: &str, text: &str| pending.iter().any(|(other, _)| *other != name && calls(text, other));
        let (waiting, ready): (Vec<_>, Vec<_>) =
            pending.iter().copied().partition(|(name, text)| waits(name, text));
        // Macros that call each other are left to DuckDB to refuse.
        let (waiting, ready) = if ready.is_empty() { (Vec::new(), waiting) } else { (waiting, ready) };
        ordered.extend(ready);
        pending = waiting;
    }
    ordered
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".sql")
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

/// A file's text without the semicolon that ends its statement.
pub fn statement(text: &str) -> &str {
    let text = text.trim_end();
    text.strip_suffix(';').unwrap_or(text)
}
