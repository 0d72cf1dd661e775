//! The folder that evidence is written to. Only its owner can read it: it holds what the log held.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::EvidenceError;
use crate::hash::{hex, sha256_of_file};

/// The index of all records, relative to the folder.
pub const INDEX: &str = "records/index.ndjson";

/// The folder, with its index open.
pub struct Folder {
    root: PathBuf,
    index: BufWriter<File>,
}

impl Folder {
    /// Makes the folder; one that is there must be empty.
    pub fn create(root: &Path) -> Result<Self, EvidenceError> {
        match fs::read_dir(root) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(EvidenceError::NotEmpty { path: root.to_owned() });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(0o700).create(root).map_err(writing(root))?;
            }
            Err(error) => return Err(writing(root)(error)),
        }
        let records = root.join("records");
        DirBuilder::new().mode(0o700).create(&records).map_err(writing(&records))?;
        let index = BufWriter::new(create(&root.join(INDEX))?);
        Ok(Self { root: root.to_owned(), index })
    }

    /// Begins a file of records, by its name relative to the folder.
    pub fn records(&self, name: String) -> Result<Records, EvidenceError> {
        let path = self.root.join(&name);
        let file = BufWriter::new(create(&path)?);
        Ok(Records { name, path, file, hash: Sha256::new(), bytes: 0 })
    }

    /// Adds a line to the index.
    pub fn index(&mut self, entry: &impl Serialize) -> Result<(), EvidenceError> {
        let path = self.root.join(INDEX);
        serde_json::to_writer(&mut self.index, entry).map_err(|error| writing(&path)(error.into()))?;
        self.index.write_all(b"\n").map_err(writing(&path))
    }

    /// Where the index ends now, to go [`back`](Self::back) to.
    pub fn mark(&mut self) -> Result<u64, EvidenceError> {
        let path = self.root.join(INDEX);
        self.index.stream_position().map_err(writing(&path))
    }

    /// Takes back all lines of the index after a mark.
    pub fn back(&mut self, mark: u64) -> Result<(), EvidenceError> {
        let path = self.root.join(INDEX);
        self.index.seek(SeekFrom::Start(mark)).map_err(writing(&path))?;
        self.index.get_ref().set_len(mark).map_err(writing(&path))
    }

    /// Writes the rest of the index, and gives the SHA-256 of all of it.
    pub fn finish(&mut self) -> Result<String, EvidenceError> {
        let path = self.root.join(INDEX);
        self.index.flush().map_err(writing(&path))?;
        self.index.get_ref().sync_all().map_err(writing(&path))?;
        sha256_of_file(&path).map(|(_, sha256)| sha256).map_err(writing(&path))
    }

    /// Writes the manifest, which is last: a folder without one is not whole.
    pub fn manifest(&self, manifest: &impl Serialize) -> Result<(), EvidenceError> {
        let path = self.root.join("manifest.json");
        let mut file = BufWriter::new(create(&path)?);
        serde_json::to_writer_pretty(&mut file, manifest).map_err(|error| writing(&path)(error.into()))?;
        file.write_all(b"\n").map_err(writing(&path))?;
        let file = file.into_inner().map_err(|error| writing(&path)(error.into_error()))?;
        file.sync_all().map_err(writing(&path))
    }
}

/// A file of records, each followed by a newline.
pub struct Records {
    pub name: String,
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Records {
    /// Adds a record, and gives the offset of its first byte.
    pub fn push(&mut self, record: &[u8]) -> Result<u64, EvidenceError> {
        let at = self.bytes;
        for part in [record, b"\n"] {
            self.file.write_all(part).map_err(writing(&self.path))?;
            self.hash.update(part);
            self.bytes += part.len() as u64;
        }
        Ok(at)
    }

    /// Writes what is left; gives the name and the SHA-256 of the file. An empty one is removed.
    pub fn finish(mut self) -> Result<Option<WrittenFile>, EvidenceError> {
        if self.bytes == 0 {
            self.abandon()?;
            return Ok(None);
        }
        self.file.flush().map_err(writing(&self.path))?;
        self.file.get_ref().sync_all().map_err(writing(&self.path))?;
        Ok(Some(WrittenFile { name: self.name, bytes: self.bytes, sha256: hex(&self.hash.finalize()) }))
    }

    /// Removes the file.
    pub fn abandon(self) -> Result<(), EvidenceError> {
        fs::remove_file(&self.path).map_err(writing(&self.path))
    }
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// Relative to the folder.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

fn create(path: &Path) -> Result<File, EvidenceError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(writing(path))
}

fn writing(path: &Path) -> impl FnOnce(io::Error) -> EvidenceError {
    let path = path.to_owned();
    move |source| EvidenceError::Write { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn the_index_forgets_what_is_taken_back() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("a/b");
        let mut folder = Folder::create(&root).unwrap();
        folder.index(&1).unwrap();
        let mark = folder.mark().unwrap();
        folder.index(&"longer than what follows").unwrap();
        folder.back(mark).unwrap();
        folder.index(&2).unwrap();
        let hash = folder.finish().unwrap();
        assert_eq!(fs::read(root.join(INDEX)).unwrap(), b"1\n2\n");
        assert_eq!(hash, sha256(b"1\n2\n"));
        assert!(matches!(Folder::create(&root), Err(EvidenceError::NotEmpty { .. })));
    }

    #[test]
    fn records_stand_where_it_is_said() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::create(parent.path()).unwrap();
        let mut records = folder.records("records/1".to_owned()).unwrap();
        assert_eq!((records.push(b"one").unwrap(), records.push(b"two").unwrap()), (0, 4));
        let file = records.finish().unwrap().unwrap();
        assert_eq!((file.bytes, file.sha256), (8, sha256(b"one\ntwo\n")));
        let empty = folder.records("records/2".to_owned()).unwrap();
        assert_eq!(empty.finish().unwrap(), None);
        assert!(!parent.path().join("records/2").exists());
    }
}
