//! The saved queries: those that come with the program, and a user's own folder of `.sql` files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::file::{ParameterError, QueryFile};
use crate::sql;

/// The queries that come with the program, by name.
static SAVED: LazyLock<Result<Vec<QueryFile>, ParameterError>> = LazyLock::new(|| {
    let files = sql::files("queries").into_iter();
    files.map(|(path, text)| QueryFile::parse(&stem(Path::new(path)), text)).collect()
});

/// A saved query that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no saved query {name}: `kubetrawl query --list` names them all")]
    Unknown { name: String },
    #[error(transparent)]
    Header(#[from] ParameterError),
}

/// All saved queries by name: the program's, and those of `folder`, which win over them.
pub fn list(folder: Option<&Path>) -> Result<Vec<QueryFile>, SavedError> {
    let mut files = SAVED.clone()?;
    if let Some(folder) = folder {
        let own = own(folder)?;
        files.retain(|file| own.iter().all(|other| other.name != file.name));
        files.extend(own);
        files.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(files)
}

/// The saved query of that name.
pub fn find(name: &str, folder: Option<&Path>) -> Result<QueryFile, SavedError> {
    let found = list(folder)?.into_iter().find(|file| file.name == name);
    found.ok_or_else(|| SavedError::Unknown { name: name.to_owned() })
}

/// A query from a file of the user's.
pub fn read(path: &Path) -> Result<QueryFile, SavedError> {
    let sql =
        fs::read_to_string(path).map_err(|source| SavedError::Read { path: path.to_owned(), source })?;
    Ok(QueryFile::parse(&stem(path), &sql)?)
}

fn own(folder: &Path) -> Result<Vec<QueryFile>, SavedError> {
    let failed = |source| SavedError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") && path.is_file() {
            files.push(read(&path)?);
        }
    }
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_saved_query_has_a_title_a_meaning_and_a_total_order() {
        let files = list(None).unwrap();
        assert!(files.len() >= 13, "{}", files.len());
        for file in files {
            assert_ne!(file.title, file.name);
            assert!(!file.meaning.is_empty(), "{}", file.name);
            assert!(file.sql.contains("\nORDER BY "), "{}", file.name);
        }
    }

    #[test]
    fn a_users_own_queries_win() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("user_day.sql"), "-- title: Mine\nSELECT 1").unwrap();
        fs::write(folder.path().join("other.sql"), "SELECT 2").unwrap();
        fs::write(folder.path().join("notes.txt"), "no query").unwrap();
        assert_eq!(find("user_day", Some(folder.path())).unwrap().title, "Mine");
        assert_eq!(find("other", Some(folder.path())).unwrap().title, "other");
        assert!(find("notes", Some(folder.path())).is_err());
        assert!(find("nothing", None).unwrap_err().to_string().contains("--list"));
    }
}
