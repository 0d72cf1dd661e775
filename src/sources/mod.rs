//! Where bytes come from: files, folders, globs, standard input.

mod discover;
pub mod pattern;
mod uri;

pub use discover::{Discovery, discover};
pub use pattern::{PathPattern, PatternError};
pub use uri::{path_to_uri, uri_to_path};

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

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
}

/// How a source is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    File(PathBuf),
    Stdin,
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
    #[error("could not read the folder {}", shown(path))]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
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
        Self { uri: path_to_uri(&path), input: Input::File(path), base }
    }

    /// Standard input.
    pub fn stdin() -> Self {
        Self { uri: STDIN_URI.to_owned(), input: Input::Stdin, base: None }
    }

    /// Opens the source for reading from its start.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        match &self.input {
            Input::Stdin => Ok(Box::new(io::stdin())),
            Input::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(SourceError::Open { uri: self.uri.clone(), source }),
            },
        }
    }

    /// Size in bytes as stored (compressed), where it is known: pipes and standard input have none.
    pub fn size(&self) -> Option<u64> {
        match &self.input {
            Input::Stdin => None,
            Input::File(path) => std::fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| m.len()),
        }
    }
}
