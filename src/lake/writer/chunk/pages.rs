//! A chunk being put together from its pages.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, Type, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{self, CompressedPage, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::properties::EnabledStatistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::levels::append_plain;
use super::{Chunk, Dictionary, Layout, bounds};

type Compressor<'a> = &'a mut zstd::bulk::Compressor<'static>;

/// A data page, and what the indexes say of it.
pub(super) struct Page<'a> {
    pub(super) body: Vec<u8>,
    pub(super) rows: usize,
    /// With the nulls.
    pub(super) values: usize,
    pub(super) nulls: u64,
    /// Bytes of its strings: by this a merge knows how long rows can be.
    pub(super) strings: usize,
    pub(super) bounds: Option<(&'a str, &'a str)>,
}

pub(super) struct Pages<'a> {
    column: &'a ColumnDescPtr,
    layout: Layout,
    compressor: Option<Compressor<'a>>,
    statistics: EnabledStatistics,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    values: usize,
    encodings: Vec<PageEncodingStats>,
    first_page: Option<u64>,
    offsets: OffsetIndexBuilder,
    /// None once a page had strings with no bound.
    index: Option<ColumnIndexBuilder>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        column: &'a ColumnDescPtr,
        layout: Layout,
        compressor: Option<Compressor<'a>>,
        statistics: EnabledStatistics,
    ) -> Self {
        let indexed = statistics == EnabledStatistics::Page;
        Self {
            column,
            layout,
            compressor,
            statistics,
            sink: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            values: 0,
            encodings: Vec::new(),
            first_page: None,
            offsets: OffsetIndexBuilder::new(),
            index: indexed.then(|| ColumnIndexBuilder::new(Type::BYTE_ARRAY)),
        }
    }

    pub(super) fn dictionary(&mut self, dictionary: Dictionary<'_>) -> Result<()> {
        let mut body = Vec::with_capacity(dictionary.bytes());
        dictionary.iter().for_each(|string| append_plain(string, &mut body));
        let length = body.len();
        let page = page::Page::DictionaryPage {
            buf: self.compressed(body)?,
            num_values: dictionary.numbers.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.write(CompressedPage::new(page, length), PageType::DICTIONARY_PAGE, Encoding::PLAIN)?;
        Ok(())
    }

    /// Appends a data page.
    pub(super) fn data(&mut self, page: Page<'_>) -> Result<()> {
        let encoding = self.layout.encoding();
        let length = page.body.len();
        let data = page::Page::DataPage {
            buf: self.compressed(page.body)?,
            num_values: page.values as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (offset, size) = self.write(CompressedPage::new(data, length), PageType::DATA_PAGE, encoding)?;
        self.values += page.values;
        self.first_page.get_or_insert(offset);
        self.offsets.append_row_count(page.rows as i64);
        self.offsets.append_offset_and_size(offset as i64, size as i32);
        self.offsets.append_unencoded_byte_array_data_bytes(Some(page.strings as i64));
        if let Some(index) = &mut self.index {
            let nulls = page.nulls as i64;
            match page.bounds {
                None => index.append(true, Vec::new(), Vec::new(), nulls, None),
                Some((smallest, largest)) => match bounds::upper(largest) {
                    Some((largest, _)) => {
                        let (smallest, _) = bounds::lower(smallest);
                        index.append(false, smallest.into(), largest.into_bytes(), nulls, None);
                    }
                    None => self.index = None,
                },
            }
        }
        Ok(())
    }

    fn compressed(&mut self, bytes: Vec<u8>) -> Result<Bytes> {
        match &mut self.compressor {
            Some(compressor) => Ok(compressor.compress(&bytes)?.into()),
            None => Ok(bytes.into()),
        }
    }

    fn write(&mut self, page: CompressedPage, kind: PageType, encoding: Encoding) -> Result<(u64, usize)> {
        let spec = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed += spec.uncompressed_size;
        match self.encodings.last_mut().filter(|known| known.page_type == kind) {
            Some(known) => known.count += 1,
            None => self.encodings.push(PageEncodingStats { page_type: kind, encoding, count: 1 }),
        }
        Ok((spec.offset, spec.compressed_size))
    }

    /// The chunk. The bounds are those of all its strings, for its statistics.
    pub(super) fn close(
        self,
        bounds: Option<(&str, &str)>,
        bloom_filter: Option<Sbbf>,
        rows: usize,
        nulls: u64,
        compression: Option<ZstdLevel>,
    ) -> Result<Chunk> {
        let bytes: Bytes = self.sink.into_inner()?.into();
        let first_page = self.first_page.ok_or_else(|| ParquetError::General("a chunk of no rows".into()))?;
        let mut encodings: Vec<Encoding> = self.encodings.iter().map(|page| page.encoding).collect();
        encodings.push(Encoding::RLE);
        let dictionary = matches!(self.layout, Layout::Dictionary { .. });
        let mut metadata = ColumnChunkMetaData::builder(self.column.clone())
            .set_compression(compression.map_or(Compression::UNCOMPRESSED, Compression::ZSTD))
            .set_encodings(encodings)
            .set_page_encoding_stats(self.encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.values as i64)
            .set_dictionary_page_offset(dictionary.then_some(0))
            .set_data_page_offset(first_page as i64);
        if self.statistics != EnabledStatistics::None {
            metadata = metadata.set_statistics(bounds::statistics(bounds, nulls));
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter,
            column_index: self.index.map(ColumnIndexBuilder::build).transpose()?,
            offset_index: Some(self.offsets.build()),
        };
        Ok(Chunk { bytes, close })
    }
}
