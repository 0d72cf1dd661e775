//! The one way in which the lake changes a disk: every write, rename, link, removal and fsync.
//!
//! Each of them first asks [`step`], where tests make the n-th one fail.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::LakeError;

/// What is about to be done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Write,
    Sync,
    Rename,
    Link,
    Remove,
}

/// A file being written; buffered, and durable only after [`OutFile::finish`].
pub struct OutFile {
    path: PathBuf,
    file: BufWriter<Faulty>,
}

struct Faulty {
    path: PathBuf,
    file: File,
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = step(Operation::Write, &self.path);
        #[cfg(test)]
        if allowed.is_err() && fault::tears(&self.path) {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
        }
        allowed?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl OutFile {
    /// Flushes what is buffered and brings the file to the disk.
    pub fn finish(self) -> Result<(), LakeError> {
        let Self { path, file } = self;
        let inner = file.into_inner().map_err(|e| LakeError::io("write", &path)(e.into_error()))?;
        sync(&path, || Ok(inner.file))
    }

    /// Flushes what is buffered, for files that need not outlive a crash.
    pub fn close(mut self) -> Result<(), LakeError> {
        self.file.flush().map_err(LakeError::io("write", &self.path))
    }
}

/// Creates or empties a file.
pub fn create(path: &Path) -> Result<OutFile, LakeError> {
    let file = step(Operation::Create, path)
        .and_then(|()| File::create(path))
        .map_err(LakeError::io("create", path))?;
    Ok(out_file(path, file))
}

/// Creates a file that must not exist yet.
pub fn create_new(path: &Path) -> Result<OutFile, LakeError> {
    let file = step(Operation::Create, path)
        .and_then(|()| File::create_new(path))
        .map_err(LakeError::io("create", path))?;
    Ok(out_file(path, file))
}

/// Opens a file to write at its end, creating it where it is missing.
pub fn append(path: &Path) -> Result<OutFile, LakeError> {
    let file = step(Operation::Create, path)
        .and_then(|()| File::options().create(true).append(true).open(path))
        .map_err(LakeError::io("open", path))?;
    Ok(out_file(path, file))
}

fn out_file(path: &Path, file: File) -> OutFile {
    let faulty = Faulty { path: path.to_path_buf(), file };
    OutFile { path: path.to_path_buf(), file: BufWriter::with_capacity(64 << 10, faulty) }
}

/// Writes a whole small file so that a reader sees all of it or none: by way of `temporary` in
/// the same file system, which is brought to the disk before it takes its name.
pub fn write_atomic(temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    let mut file = create(temporary)?;
    file.write_all(bytes).map_err(LakeError::io("write", temporary))?;
    file.finish()?;
    rename(temporary, path)?;
    sync_parent(path)
}

/// Whether something is there.
pub fn exists(path: &Path) -> Result<bool, LakeError> {
    path.try_exists().map_err(LakeError::io("look for", path))
}

/// Renames a file; the new name is durable after [`sync_dir`] on its folder.
pub fn rename(from: &Path, to: &Path) -> Result<(), LakeError> {
    step(Operation::Rename, to)
        .and_then(|()| fs::rename(from, to))
        .map_err(LakeError::io("move a file to", to))
}

/// Gives a file a second name, or moves it where the file system has no links.
pub fn link_or_rename(from: &Path, to: &Path) -> Result<(), LakeError> {
    step(Operation::Link, to)
        .and_then(|()| fs::hard_link(from, to).or_else(|_| fs::rename(from, to)))
        .map_err(LakeError::io("move a file to", to))
}

/// Brings a file that was written elsewhere to the disk.
pub fn sync_file(path: &Path) -> Result<(), LakeError> {
    sync(path, || File::open(path))
}

/// Brings a folder's list of names to the disk.
pub fn sync_dir(path: &Path) -> Result<(), LakeError> {
    sync(path, || File::open(path))
}

fn sync(path: &Path, open: impl FnOnce() -> io::Result<File>) -> Result<(), LakeError> {
    if is_passing(path) {
        return Ok(());
    }
    step(Operation::Sync, path)
        .and_then(|()| open()?.sync_all())
        .map_err(LakeError::io("bring to the disk", path))
}

/// Folders that go with the process.
static PASSING: RwLock<Vec<PathBuf>> = RwLock::new(Vec::new());

/// Nothing in a folder is brought to the disk while this lives: what is there goes with the process.
pub struct Passing(PathBuf);

impl Passing {
    pub fn new(folder: &Path) -> Self {
        PASSING.write().unwrap_or_else(PoisonError::into_inner).push(folder.to_path_buf());
        Self(folder.to_path_buf())
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        PASSING.write().unwrap_or_else(PoisonError::into_inner).retain(|folder| *folder != self.0);
    }
}

fn is_passing(path: &Path) -> bool {
    let passing = PASSING.read().unwrap_or_else(PoisonError::into_inner);
    passing.iter().any(|folder| path.starts_with(folder))
}

/// [`sync_dir`] of the folder that holds `path`.
pub fn sync_parent(path: &Path) -> Result<(), LakeError> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// Creates a folder and those above it, durably; nothing where it exists.
pub fn create_dir_all(path: &Path) -> Result<(), LakeError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_dir_all(parent)?;
    }
    let made = step(Operation::Create, path).and_then(|()| fs::create_dir(path));
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(LakeError::io("create the folder", path)(error)),
        Ok(()) if path.parent().is_some_and(|parent| parent.as_os_str().is_empty()) => Ok(()),
        Ok(()) => sync_parent(path),
    }
}

/// Files or folders that are brought to the disk side by side. One after another they took a quarter of an
/// ingest of 500,000 records into 60 files.
const SYNCS: usize = 8;

/// [`sync_file`] or [`sync_dir`] of each path.
pub fn sync_each(paths: &[PathBuf], sync: fn(&Path) -> Result<(), LakeError>) -> Result<(), LakeError> {
    std::thread::scope(|scope| {
        let share = paths.len().div_ceil(SYNCS).max(1);
        let syncs: Vec<_> = paths
            .chunks(share)
            .map(|paths| scope.spawn(move || paths.iter().try_for_each(|path| sync(path))))
            .collect();
        let lost = || LakeError::io("bring to the disk", &paths[0])(io::Error::other("a thread ended"));
        syncs.into_iter().try_for_each(|sync| sync.join().unwrap_or_else(|_| Err(lost())))
    })
}

/// Creates folders and those above them, durably; those that exist stay.
pub fn create_dirs_all<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<(), LakeError> {
    let mut changed = BTreeSet::new();
    for path in paths.filter(|path| !path.is_dir()) {
        if let Some(parent) = path.parent() {
            create_dir_all(parent)?;
            changed.insert(parent);
        }
        step(Operation::Create, path)
            .and_then(|()| fs::create_dir(path))
            .map_err(LakeError::io("create the folder", path))?;
    }
    changed.into_iter().try_for_each(sync_dir)
}

/// Removes a file; nothing where it is gone already.
pub fn remove_file(path: &Path) -> Result<(), LakeError> {
    gone(step(Operation::Remove, path).and_then(|()| fs::remove_file(path)), path)
}

/// Removes a folder with all it holds; nothing where it is gone already.
pub fn remove_dir_all(path: &Path) -> Result<(), LakeError> {
    gone(step(Operation::Remove, path).and_then(|()| fs::remove_dir_all(path)), path)
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<(), LakeError> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(LakeError::io("remove", path)),
    }
}

/// Asked before every change to a disk.
#[cfg(not(test))]
#[inline]
fn step(_operation: Operation, _path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use fault::step;

/// Makes the n-th change under a folder fail.
#[cfg(test)]
pub(crate) mod fault {
    use super::{Operation, Path, PathBuf, io};
    use std::sync::Mutex;

    /// What fails.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Kind {
        /// The change alone: a full disk that has room again, a file system that hiccups. The program cleans up.
        Once,
        /// The change and all after it, as in a crash.
        Crash,
        /// The same, and what is being written is half written.
        Torn,
    }

    pub(crate) const KINDS: [Kind; 3] = [Kind::Once, Kind::Crash, Kind::Torn];

    struct Planned {
        root: PathBuf,
        kind: Kind,
        left: i64,
    }

    static PLANNED: Mutex<Vec<Planned>> = Mutex::new(Vec::new());

    /// Lets some changes under a folder through and fails what comes then, until the value is dropped.
    pub(crate) struct Fault(PathBuf);

    impl Fault {
        pub(crate) fn new(kind: Kind, root: &Path, allowed: i64) -> Self {
            PLANNED.lock().unwrap().push(Planned { root: root.to_path_buf(), kind, left: allowed });
            Self(root.to_path_buf())
        }

        /// Whether the fault came to pass.
        pub(crate) fn struck(&self) -> bool {
            PLANNED.lock().unwrap().iter().any(|planned| planned.root == self.0 && planned.left < 0)
        }
    }

    impl Drop for Fault {
        fn drop(&mut self) {
            PLANNED.lock().unwrap().retain(|planned| planned.root != self.0);
        }
    }

    pub(super) fn step(operation: Operation, path: &Path) -> io::Result<()> {
        for planned in PLANNED.lock().unwrap().iter_mut().filter(|planned| path.starts_with(&planned.root)) {
            planned.left -= 1;
            if planned.left == -1 || planned.left < 0 && planned.kind != Kind::Once {
                return Err(io::Error::other(format!("injected at {operation:?} {}", path.display())));
            }
        }
        Ok(())
    }

    /// Whether a write under a path that fails leaves half of its bytes.
    pub(super) fn tears(path: &Path) -> bool {
        let planned = PLANNED.lock().unwrap();
        planned.iter().any(|planned| path.starts_with(&planned.root) && planned.kind == Kind::Torn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_folder_that_passes_is_brought_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let passing = Passing::new(folder.path());
        assert!(sync_file(&missing).is_ok() && sync_parent(&missing).is_ok());
        drop(passing);
        assert!(sync_file(&missing).is_err() && sync_parent(&missing).is_ok());
    }
}
