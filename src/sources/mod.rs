//! Where bytes come from: files, folders, globs, standard input.

mod discover;
pub mod pattern;
mod stored;
mod uri;

pub use discover::{Discovery, discover};
pub use pattern::{PathPattern, PatternError};
pub use stored::HEAD;
pub(crate) use stored::Stored;
pub use uri::{MemberUri, enclosing, member_uri, path_to_uri, split_members, typed_to_uri, uri_to_path};

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The URI of standard input.
pub const STDIN_URI: &str = "stdin:";

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Absolute `file://` URI, percent-encoded (names may hold newlines or not be UTF-8), or `stdin:`.
    pub uri: String,
    pub input: Input,
    /// The folder that the source was found under: the folder argument, the literal part of a glob,
    /// or the parent of a file argument. Patterns with `**` are matched below it.
    pub base: Option<PathBuf>,
    /// Whether it is an argument itself, and was not found in a folder or by a glob.
    pub named: bool,
}

/// How a source is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    File(PathBuf),
    Stdin,
    /// A file in an archive, which is opened by whoever reads the archive. Its path is what it would have
    /// if the archive were a folder.
    Member(PathBuf),
}

/// Why an argument or a source could not be read. Paths are shown quoted and escaped: they may hold
/// control characters.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("no such file or folder: {}; check the path, or quote a glob", shown(path))]
    Missing {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("nothing matches the glob {pattern:?}")]
    NoMatch { pattern: String },
    #[error("the glob {pattern:?} is not valid")]
    Glob {
        pattern: String,
        #[source]
        source: globset::Error,
    },
    #[error("not a file URI: {uri:?}")]
    Uri { uri: String },
    #[error("{} is the lake itself or lies in it; give the logs instead", shown(path))]
    Skipped { path: PathBuf },
    #[error("could not read {}", shown(path))]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{uri} lies in an archive, which has to be opened instead")]
    InArchive { uri: String },
    #[error("could not open {uri}")]
    Open {
        uri: String,
        #[source]
        source: io::Error,
    },
}

fn shown(path: &std::path::Path) -> String {
    format!("{path:?}")
}

impl Source {
    /// A file, found under its own folder. The path should be absolute.
    pub fn file(path: PathBuf) -> Self {
        let base = path.parent().map(PathBuf::from);
        Self { uri: path_to_uri(&path), input: Input::File(path), base, named: true }
    }

    /// Standard input.
    pub fn stdin() -> Self {
        Self { uri: STDIN_URI.to_owned(), input: Input::Stdin, base: None, named: true }
    }

    /// A file in this source, which is an archive. A pattern sees the archive as a folder; one that was not found in a
    /// folder itself is the folder that `**` is matched below.
    pub fn member(&self, name: &[u8], turn: u32) -> Self {
        let (path, inside) = match &self.input {
            Input::File(path) => (path.clone(), false),
            Input::Member(path) => (path.clone(), true),
            Input::Stdin => (PathBuf::new(), true),
        };
        let parts = Path::new(OsStr::from_bytes(name)).components();
        let parts = parts.filter(|part| matches!(part, std::path::Component::Normal(_)));
        let below = parts.fold(path.clone(), |path, part| path.join(part));
        let base = if inside || !self.named { self.base.clone() } else { Some(path) };
        Self { uri: member_uri(&self.uri, name, turn), input: Input::Member(below), base, named: false }
    }

    /// Opens the source for reading from its start.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        match &self.input {
            Input::Stdin => Ok(Box::new(io::stdin())),
            Input::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(SourceError::Open { uri: self.uri.clone(), source }),
            },
            Input::Member(_) => Err(SourceError::InArchive { uri: self.uri.clone() }),
        }
    }

    /// The same, with the file itself where it can be read at any place.
    pub fn open_file(&self) -> Result<(Box<dyn Read + Send>, Option<File>), SourceError> {
        let Input::File(path) = &self.input else { return Ok((self.open()?, None)) };
        let opened = || {
            let file = File::open(path)?;
            let seekable = if file.metadata()?.is_file() { Some(file.try_clone()?) } else { None };
            Ok((Box::new(file) as Box<dyn Read + Send>, seekable))
        };
        opened().map_err(|source| SourceError::Open { uri: self.uri.clone(), source })
    }

    /// Size in bytes as stored (compressed), where it is known: pipes and standard input have none.
    pub fn size(&self) -> Option<u64> {
        match &self.input {
            Input::Stdin | Input::Member(_) => None,
            Input::File(path) => std::fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| m.len()),
        }
    }
}
