//! What a source holds inside its layers of compression: text, a table or an archive, told by its first bytes.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::archives::{Archive, is_tar, is_zip};
use super::decompress::{Counted, Whole, peek, take_off};
use super::error::DecodeError;
use super::seekable::Seekable;
use super::tables::{CsvRows, RowChunks, is_csv};
use super::{Chunk, ChunkReader, Limits};

/// Looked at to tell what a source holds: a tar header has 512 bytes, and a table's may be long.
const HEAD: usize = 64 << 10;

/// A source that was opened.
pub struct Opened {
    pub content: Content,
    /// The layers that were taken off, the outermost first, and the form of what was in them where it is
    /// not text: `gzip`, `csv`.
    pub forms: Vec<&'static str>,
    bytes: Arc<AtomicU64>,
}

/// What a source holds.
pub enum Content {
    Records(Records),
    Archive(Archive),
}

/// Records, in chunks.
pub enum Records {
    Text(ChunkReader<Whole>),
    Rows(RowChunks),
}

impl Opened {
    /// Opens a source by its bytes as they are stored. `file` is the same source, where it can be read at any
    /// place; a zip begins with its end, and goes through a temporary file without it.
    pub fn new(stored: Whole, file: Option<File>) -> Result<Self, DecodeError> {
        Self::with_limits(stored, file, Limits::default())
    }

    /// The same, in chunks of other sizes.
    pub fn with_limits(stored: Whole, file: Option<File>, limits: Limits) -> Result<Self, DecodeError> {
        let (reader, mut forms) = take_off(stored)?;
        let file = file.filter(|_| forms.is_empty());
        let bytes = Arc::new(AtomicU64::new(0));
        let (head, reader) = peek(reader, HEAD)?;
        let reader: Whole = Box::new(Counted { reader, taken: Arc::clone(&bytes) });
        let table = |form| move |source| DecodeError::Table { form, source };
        let seekable = |reader, form| {
            match file {
                Some(file) => Seekable::new(file),
                None => Seekable::spool(reader),
            }
            .map_err(table(form))
        };
        let rows = |rows| Content::Records(Records::Rows(rows));
        let content = match Form::of(&head) {
            Form::Text => Content::Records(Records::Text(ChunkReader::new(reader, limits))),
            Form::Csv => rows(RowChunks::new(CsvRows::new(reader), limits)),
            Form::Tar => Content::Archive(Archive::tar(reader)),
            Form::Zip => Content::Archive(Archive::zip(seekable(reader, "zip")?)?),
        };
        forms.extend(Form::of(&head).name());
        Ok(Self { content, forms, bytes })
    }

    /// Counts the bytes that were read after decompression.
    pub fn meter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl Records {
    /// The next chunk; see [`ChunkReader::next_chunk`].
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, DecodeError> {
        match self {
            Self::Text(chunks) => chunks.next_chunk(),
            Self::Rows(rows) => rows.next_chunk(),
        }
    }

    /// Whether these are the rows of a table.
    pub fn are_rows(&self) -> bool {
        matches!(self, Self::Rows(_))
    }
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Csv,
    Tar,
    Zip,
}

impl Form {
    fn of(head: &[u8]) -> Self {
        match head {
            head if is_zip(head) => Self::Zip,
            head if is_tar(head) => Self::Tar,
            head if is_csv(head) => Self::Csv,
            _ => Self::Text,
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Csv => Some("csv"),
            Self::Tar => Some("tar"),
            Self::Zip => Some("zip"),
        }
    }
}
