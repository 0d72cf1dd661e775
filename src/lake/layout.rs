//! Where things stand in a lake, and its format version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{LakeError, io as disk};
use crate::normalize::schema::PARTITION_COLUMN;

/// The lake format this program writes, and the newest it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The folder of the rows, which any Parquet reader can be pointed at.
pub const EVENTS: &str = "audit_events";

/// The lake's own allow-list, relative to the lake; it need not be there.
pub const ALLOW_LIST: &str = "_kubetrawl/allow.toml";

/// Names that may stand in a folder that counts as empty: a lake whose creation was cut short,
/// and what file systems put at their root.
const STRANGERS: [&str; 2] = ["_kubetrawl", "lost+found"];

/// `_kubetrawl/format.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// The lake's format version.
    pub version: u32,
    /// The kubetrawl version that created the lake.
    pub created_by: String,
}

/// The paths of a lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The lake's own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `audit_events/`
    pub fn events(&self) -> PathBuf {
        self.root.join(EVENTS)
    }

    fn own(&self) -> PathBuf {
        self.root.join("_kubetrawl")
    }

    /// `_kubetrawl/format.json`
    pub fn format(&self) -> PathBuf {
        self.own().join("format.json")
    }

    /// `_kubetrawl/lock`
    pub fn lock(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// `_kubetrawl/commits/`
    pub fn commits(&self) -> PathBuf {
        self.own().join("commits")
    }

    /// The record of one commit.
    pub fn commit(&self, number: u64) -> PathBuf {
        self.commits().join(format!("{number:08}.json"))
    }

    /// The commit that a file name in `_kubetrawl/commits/` stands for; none for a name of another form.
    pub fn commit_number(name: &str) -> Option<u64> {
        let number = name.strip_suffix(".json")?.parse().ok()?;
        (name == format!("{number:08}.json")).then_some(number)
    }

    /// `_kubetrawl/staging/`
    pub fn staging(&self) -> PathBuf {
        self.own().join("staging")
    }

    /// The files of a batch before they are moved.
    pub fn batch(&self, batch: &str) -> PathBuf {
        self.staging().join(batch)
    }

    /// `_kubetrawl/rejects/`
    pub fn rejects(&self) -> PathBuf {
        self.own().join("rejects")
    }

    /// `_kubetrawl/hunts/`
    pub fn hunts(&self) -> PathBuf {
        self.own().join("hunts")
    }

    /// `_kubetrawl/allow.toml`: in the folder that readers of Parquet pass by.
    pub fn allow_list(&self) -> PathBuf {
        self.root.join(ALLOW_LIST)
    }

    /// Where a file of rows of a date belongs, relative to the lake.
    pub fn place(event_date: &str, name: &str) -> String {
        format!("{EVENTS}/{PARTITION_COLUMN}={event_date}/{name}")
    }

    /// Where a batch's rejects belong, relative to the lake.
    pub fn rejects_place(batch: &str) -> String {
        format!("_kubetrawl/rejects/{batch}.ndjson.zst")
    }

    /// Where a committed file of a batch stands before it is moved to `relative`.
    pub fn staged(&self, batch: &str, relative: &str) -> PathBuf {
        let name = relative.rsplit('/').next().unwrap_or(relative);
        self.batch(batch).join(name)
    }

    /// The paths of an existing lake; writes nothing.
    ///
    /// # Errors
    /// When there is no lake at `root`, or one of a newer format.
    pub fn open(root: &Path) -> Result<Self, LakeError> {
        let layout = Self { root: absolute(root)? };
        let path = layout.format();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if missing(&error) => return Err(LakeError::NotALake { path: root.to_path_buf() }),
            Err(error) => return Err(LakeError::io("read", &path)(error)),
        };
        let format: Format =
            serde_json::from_slice(&text).map_err(|source| LakeError::Json { path, source })?;
        if format.version > FORMAT_VERSION {
            let (found, known) = (format.version, FORMAT_VERSION);
            return Err(LakeError::NewerFormat { path: root.to_path_buf(), found, known });
        }
        Ok(layout)
    }

    /// The paths of a lake, which is created where `root` is missing or empty.
    ///
    /// # Errors
    /// When `root` holds something else, or a lake of a newer format, or cannot be written.
    pub fn create_or_open(root: &Path) -> Result<Self, LakeError> {
        match Self::open(root) {
            Err(LakeError::NotALake { .. }) => Self::create(root),
            opened => opened,
        }
    }

    fn create(root: &Path) -> Result<Self, LakeError> {
        refuse_strangers(root)?;
        disk::create_dir_all(root)?;
        let layout = Self { root: absolute(root)? };
        for folder in [layout.commits(), layout.staging(), layout.rejects()] {
            disk::create_dir_all(&folder)?;
        }
        let format = Format { version: FORMAT_VERSION, created_by: env!("CARGO_PKG_VERSION").to_owned() };
        let path = layout.format();
        let text = serde_json::to_vec_pretty(&format)
            .map_err(|source| LakeError::Json { path: path.clone(), source })?;
        let temporary = layout.own().join(format!("format.json.{}", std::process::id()));
        disk::write_atomic(&temporary, &path, &text)?;
        Ok(layout)
    }
}

fn absolute(root: &Path) -> Result<PathBuf, LakeError> {
    std::path::absolute(root).map_err(LakeError::io("find", root))
}

fn missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn refuse_strangers(root: &Path) -> Result<(), LakeError> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LakeError::io("list", root)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(LakeError::io("list", root))?;
        if !STRANGERS.iter().any(|name| entry.file_name() == *name) {
            return Err(LakeError::NotEmpty { path: root.to_path_buf() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_becomes_a_lake_and_is_one_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a/lake");
        assert!(matches!(Layout::open(&root), Err(LakeError::NotALake { .. })));
        let made = Layout::create_or_open(&root).unwrap();
        assert_eq!(Layout::create_or_open(&root).unwrap(), made);
        assert_eq!(Layout::open(&root).unwrap(), made);
    }

    #[test]
    fn a_folder_with_other_things_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.doc"), "x").unwrap();
        let refused = Layout::create_or_open(folder.path());
        assert!(matches!(refused, Err(LakeError::NotEmpty { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create_or_open(folder.path()).unwrap();
        fs::write(layout.format(), r#"{"version": 2, "created_by": "9.0.0", "more": 1}"#).unwrap();
        let refused = Layout::create_or_open(folder.path());
        assert!(matches!(refused, Err(LakeError::NewerFormat { found: 2, known: 1, .. })));
    }
}
