//! What a source holds inside its layers of compression: text, a table or an archive, told by its first bytes.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::archives::{Archive, Member, Within, is_tar, is_zip};
use super::decompress::{Counted, Total, Whole, peek, take_off};
use super::error::DecodeError;
use super::seekable::Seekable;
use super::tables::{AnswerRows, AvroRows, CsvRows, ParquetRows, RowChunks, Rows, YamlRows};
use super::tables::{is_answer, is_avro, is_csv, is_parquet, is_yaml};
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

/// A source, or a file in an archive in it, that is to be opened.
pub struct Body {
    pub reader: Whole,
    /// The same source, where it can be read at any place.
    pub file: Option<File>,
    /// The source, of a file in an archive.
    pub within: Option<Within>,
}

impl Body {
    /// The bytes of a source as they are stored.
    pub fn of_source(reader: Whole, file: Option<File>) -> Self {
        Self { reader, file, within: None }
    }

    /// The file of this name in this archive; none where it has no such file, or is no archive.
    ///
    /// # Errors
    /// As [`Archive::find`].
    pub fn member(self, name: &[u8], turn: u32) -> Result<Option<Self>, DecodeError> {
        let Content::Archive(mut archive) = self.open()?.content else { return Ok(None) };
        let Some(Member { body, within, .. }) = archive.find(name, turn)? else { return Ok(None) };
        Ok(Some(Self { reader: body?, file: None, within: Some(within) }))
    }

    /// Opens it, within the limits of the source that it belongs to.
    ///
    /// # Errors
    /// As [`Opened::new`].
    pub fn open(self) -> Result<Opened, DecodeError> {
        match &self.within {
            Some(within) => Opened::member(self.reader, within, Limits::default()),
            None => Opened::new(self.reader, self.file),
        }
    }
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
    /// place; zip and Parquet begin with their end, and go through a temporary file without it.
    pub fn new(stored: Whole, file: Option<File>) -> Result<Self, DecodeError> {
        Self::with_limits(stored, file, Limits::default())
    }

    /// The same, in chunks of other sizes.
    pub fn with_limits(stored: Whole, file: Option<File>, limits: Limits) -> Result<Self, DecodeError> {
        let total = Arc::new(Total::default());
        Self::open(total.stored_in(stored), file, limits, total)
    }

    /// Opens a file in an archive.
    pub fn member(body: Whole, within: &Within, limits: Limits) -> Result<Self, DecodeError> {
        Self::open(body, None, limits, Arc::clone(&within.0))
    }

    fn open(
        stored: Whole,
        file: Option<File>,
        limits: Limits,
        total: Arc<Total>,
    ) -> Result<Self, DecodeError> {
        let (reader, mut forms) = take_off(stored, &total)?;
        let file = file.filter(|_| forms.is_empty());
        let bytes = Arc::new(AtomicU64::new(0));
        let (head, reader) = peek(reader, HEAD)?;
        let reader: Whole = Box::new(Counted { reader, taken: Arc::clone(&bytes) });
        let form = Form::of(&head);
        let content = match form {
            Form::Text => Content::Records(Records::Text(ChunkReader::new(reader, limits))),
            Form::Csv => {
                let rows = CsvRows::open(reader, &head).map_err(form.failed())?;
                Content::rows(rows, limits, total)
            }
            Form::Answer => {
                let rows = AnswerRows::open(reader).map_err(form.failed())?;
                Content::rows(rows, limits, total)
            }
            Form::Yaml => {
                let rows = YamlRows::open(reader).map_err(form.failed())?;
                Content::rows(rows, limits, total)
            }
            Form::Avro => Content::rows(AvroRows::open(reader).map_err(form.failed())?, limits, total),
            Form::Parquet => {
                let file = Seekable::of(file, reader, &total).map_err(form.failed())?;
                Content::rows(ParquetRows::open(file).map_err(form.failed())?, limits, total)
            }
            Form::Tar => Content::Archive(Archive::tar(reader, total)),
            Form::Zip => {
                let file = Seekable::of(file, reader, &total).map_err(form.failed())?;
                Content::Archive(Archive::zip(file, total)?)
            }
        };
        forms.extend(form.name());
        Ok(Self { content, forms, bytes })
    }

    /// Counts the bytes that were read after decompression.
    pub fn meter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl Content {
    fn rows(rows: impl Rows + 'static, limits: Limits, total: Arc<Total>) -> Self {
        Self::Records(Records::Rows(RowChunks::new(rows, limits, total)))
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

    /// As [`ChunkReader::reuse`] has it.
    pub fn reuse(&mut self, spare: impl FnMut() -> Option<Vec<u8>>) {
        match self {
            Self::Text(chunks) => chunks.reuse(spare),
            Self::Rows(rows) => rows.reuse(spare),
        }
    }

    /// As [`ChunkReader::left`] has it.
    pub fn left(self) -> Vec<Vec<u8>> {
        match self {
            Self::Text(chunks) => chunks.left(),
            Self::Rows(rows) => rows.left(),
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
    /// JSON, as an API answers a query: columns, and rows of values.
    Answer,
    Yaml,
    Avro,
    Parquet,
    Tar,
    Zip,
}

impl Form {
    fn of(head: &[u8]) -> Self {
        match head {
            head if is_avro(head) => Self::Avro,
            head if is_parquet(head) => Self::Parquet,
            head if is_zip(head) => Self::Zip,
            head if is_tar(head) => Self::Tar,
            head if is_csv(head) => Self::Csv,
            head if is_answer(head) => Self::Answer,
            head if is_yaml(head) => Self::Yaml,
            _ => Self::Text,
        }
    }

    /// The error of a reader of this form that cannot begin.
    fn failed(self) -> impl FnOnce(io::Error) -> DecodeError {
        move |source| DecodeError::Table { form: self.name().unwrap_or("text"), source }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Csv => Some("csv"),
            Self::Answer => Some("json-table"),
            Self::Yaml => Some("yaml"),
            Self::Avro => Some("avro"),
            Self::Parquet => Some("parquet"),
            Self::Tar => Some("tar"),
            Self::Zip => Some("zip"),
        }
    }
}
