//! Where bytes come from: files, folders, globs, standard input.

use std::path::PathBuf;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Absolute `file://` URI, percent-encoded (names may hold newlines or not be UTF-8), or `stdin:`.
    pub uri: String,
    pub input: Input,
}

/// How a source is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    File(PathBuf),
    Stdin,
}
