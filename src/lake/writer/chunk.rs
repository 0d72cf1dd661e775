//! Column chunks of strings that are numbered already.
//!
//! Arrow's writer takes strings one by one: it hashes each, compares it with the smallest and the largest, and
//! sets up a compressor for every chunk. Here a chunk's dictionary is known before its first value, so that a
//! value costs a look-up, and one compressor does for all chunks of a file.

use std::ops::Range;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, Type, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::hybrid;
use super::properties::{COMPRESSION_LEVEL, DICTIONARY_BYTES, PAGE_BYTES, PAGE_ROWS};
use crate::normalize::{Distinct, Lists, Texts};

/// Chunks that are smaller gain nothing by compression.
const WORTH_COMPRESSING: usize = 128;

/// Bytes of a string in statistics; a longer one is cut to a bound.
const BOUND_BYTES: usize = 64;

/// A column chunk's bytes, and what a row group has to know of it.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// Encodes chunks, one after another.
pub(super) struct ChunkEncoder {
    compressor: zstd::bulk::Compressor<'static>,
    /// A string's position in the dictionary at hand, by its number.
    positions: Vec<u32>,
    /// The numbers of the strings in the dictionary.
    dictionary: Vec<u32>,
    levels: Levels,
}

/// The repetition and definition levels, and the values, of a chunk's rows.
#[derive(Default)]
struct Levels {
    repetition: Vec<u32>,
    definition: Vec<u32>,
    /// Numbers of strings, later their positions in the dictionary; nulls have none.
    values: Vec<u32>,
    /// Where each row's levels and values begin, and the last ones end.
    rows: Vec<(usize, usize)>,
}

/// How a chunk's values are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Dictionary { width: u8 },
    Plain,
}

const NOWHERE: u32 = u32::MAX;

impl ChunkEncoder {
    pub(super) fn new() -> Result<Self> {
        let compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL)?;
        Ok(Self { compressor, positions: Vec::new(), dictionary: Vec::new(), levels: Levels::default() })
    }

    /// The chunk of the rows with these numbers.
    pub(super) fn texts(
        &mut self,
        column: &ColumnDescPtr,
        properties: &WriterProperties,
        texts: &Texts,
        rows: &[u32],
    ) -> Result<Chunk> {
        let nullable = column.max_def_level() > 0;
        self.levels.clear();
        for &row in rows {
            self.levels.row();
            let number = texts.numbers[row as usize];
            if nullable {
                self.levels.definition.push(u32::from(number > 0));
            }
            if number > 0 {
                self.levels.values.push(number);
            }
        }
        self.chunk(column, properties, &texts.distinct)
    }

    /// The same of a column of lists.
    pub(super) fn lists(
        &mut self,
        column: &ColumnDescPtr,
        properties: &WriterProperties,
        lists: &Lists,
        rows: &[u32],
    ) -> Result<Chunk> {
        let present = column.max_def_level() as u32;
        self.levels.clear();
        for &row in rows {
            self.levels.row();
            let levels = &mut self.levels;
            let before = levels.values.len();
            match lists.numbers[row as usize] {
                0 => levels.definition.push(0),
                number => levels.values.extend(lists.list(number)),
            }
            let elements = levels.values.len() - before;
            levels.definition.extend(std::iter::repeat_n(present, elements));
            levels.repetition.push(0);
            levels.repetition.extend(std::iter::repeat_n(1, elements.saturating_sub(1)));
        }
        self.chunk(column, properties, &lists.elements)
    }

    fn chunk(
        &mut self,
        column: &ColumnDescPtr,
        properties: &WriterProperties,
        strings: &Distinct,
    ) -> Result<Chunk> {
        self.levels.row();
        let statistics = properties.statistics_enabled(column.path());
        let repeating = properties.dictionary_enabled(column.path());
        let ordered = statistics != EnabledStatistics::None;
        // The smallest and the largest string are those at the ends of the dictionary.
        if repeating || ordered {
            self.collect(strings, ordered);
        } else {
            self.levels.all_differ(&mut self.dictionary);
        }
        let bytes: usize = self.dictionary.iter().map(|&number| strings.get(number).len() + 4).sum();
        let repeats = self.dictionary.len() * 2 <= self.levels.values.len();
        let layout = if repeating && (bytes <= DICTIONARY_BYTES || repeats) {
            Layout::Dictionary { width: hybrid::width(self.dictionary.len().saturating_sub(1) as u32) }
        } else {
            Layout::Plain
        };
        let pages = self.levels.pages(layout, &self.dictionary, strings);
        let packed = match layout {
            Layout::Dictionary { width } => bytes + self.levels.values.len() * usize::from(width) / 8,
            Layout::Plain => bytes,
        };
        let compress = packed >= WORTH_COMPRESSING;
        let mut out = Out::new(column, compress.then_some(&mut self.compressor));
        if let Layout::Dictionary { .. } = layout {
            out.dictionary(&self.dictionary, strings, bytes)?;
        }
        for page in pages {
            let levels = self.levels.levels(&page);
            let bounds = self.levels.bounds(&page, &self.dictionary, strings, statistics);
            let body = self.levels.page(&page, column, layout, &self.dictionary, strings);
            let lengths = self.levels.values(&page).iter();
            let length: usize = lengths.map(|&at| strings.get(self.dictionary[at as usize]).len()).sum();
            // By this a merge knows how long rows can be.
            out.offsets.append_unencoded_byte_array_data_bytes(Some(length as i64));
            out.page(body, layout, levels.len(), page.len(), bounds, statistics)?;
        }
        let filter = match properties.bloom_filter_properties(column.path()) {
            Some(filter) => {
                let mut bits = Sbbf::new_with_ndv_fpp(self.dictionary.len().max(1) as u64, filter.fpp())?;
                self.dictionary.iter().for_each(|&number| bits.insert(strings.get(number)));
                Some(bits)
            }
            None => None,
        };
        let values = self.levels.values.len();
        let entries = (self.dictionary.first(), self.dictionary.last());
        let bounds = match entries {
            (Some(&first), Some(&last)) if ordered => Some((strings.get(first), strings.get(last))),
            _ => None,
        };
        out.close(bounds, filter, self.levels.nulls(values), self.levels.rows.len() - 1, statistics)
    }

    /// Collects the dictionary, in the order of its strings where that will be asked for, and turns numbers
    /// into positions in it.
    fn collect(&mut self, strings: &Distinct, ordered: bool) {
        self.positions.clear();
        self.positions.resize(strings.len() + 1, NOWHERE);
        self.dictionary.clear();
        for &number in &self.levels.values {
            let position = &mut self.positions[number as usize];
            if *position == NOWHERE {
                *position = self.dictionary.len() as u32;
                self.dictionary.push(number);
            }
        }
        if ordered {
            self.dictionary.sort_unstable_by(|&a, &b| strings.get(a).cmp(strings.get(b)));
            for (position, &number) in (0..).zip(&self.dictionary) {
                self.positions[number as usize] = position;
            }
        }
        self.levels.values.iter_mut().for_each(|value| *value = self.positions[*value as usize]);
    }
}

impl Levels {
    fn clear(&mut self) {
        self.repetition.clear();
        self.definition.clear();
        self.values.clear();
        self.rows.clear();
    }

    /// Makes a dictionary in which each value has a place of its own.
    fn all_differ(&mut self, dictionary: &mut Vec<u32>) {
        dictionary.clear();
        dictionary.extend_from_slice(&self.values);
        self.values.iter_mut().zip(0..).for_each(|(value, position)| *value = position);
    }

    /// A row begins, or the last one has ended.
    fn row(&mut self) {
        self.rows.push((self.definition.len(), self.values.len()));
    }

    /// Nulls, of rows or of a required column's values none.
    fn nulls(&self, values: usize) -> u64 {
        self.definition.len().saturating_sub(values) as u64
    }

    /// The rows of each page.
    fn pages(&self, layout: Layout, dictionary: &[u32], strings: &Distinct) -> Vec<Range<usize>> {
        let count = self.rows.len() - 1;
        let (mut pages, mut start, mut bytes) = (Vec::new(), 0, 0);
        for row in 0..count {
            if layout == Layout::Plain {
                let values = &self.values[self.rows[row].1..self.rows[row + 1].1];
                bytes +=
                    values.iter().map(|&at| strings.get(dictionary[at as usize]).len() + 4).sum::<usize>();
            }
            if row + 1 - start == PAGE_ROWS || bytes >= PAGE_BYTES || row + 1 == count {
                pages.push(start..row + 1);
                (start, bytes) = (row + 1, 0);
            }
        }
        pages
    }

    fn levels(&self, page: &Range<usize>) -> Range<usize> {
        self.rows[page.start].0..self.rows[page.end].0
    }

    fn values(&self, page: &Range<usize>) -> &[u32] {
        &self.values[self.rows[page.start].1..self.rows[page.end].1]
    }

    /// A page's smallest and largest string, and its nulls.
    fn bounds<'s>(
        &self,
        page: &Range<usize>,
        dictionary: &[u32],
        strings: &'s Distinct,
        statistics: EnabledStatistics,
    ) -> (Option<(&'s str, &'s str)>, u64) {
        let values = self.values(page);
        let nulls = self.levels(page).len().saturating_sub(values.len()) as u64;
        if statistics != EnabledStatistics::Page {
            return (None, nulls);
        }
        let string = |&position: &u32| strings.get(dictionary[position as usize]);
        (values.iter().min().map(string).zip(values.iter().max().map(string)), nulls)
    }

    /// A page's bytes.
    fn page(
        &self,
        page: &Range<usize>,
        column: &ColumnDescPtr,
        layout: Layout,
        dictionary: &[u32],
        strings: &Distinct,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        if column.max_rep_level() > 0 {
            levels(&self.repetition[self.levels(page)], column.max_rep_level(), &mut out);
        }
        if column.max_def_level() > 0 {
            levels(&self.definition[self.levels(page)], column.max_def_level(), &mut out);
        }
        match layout {
            Layout::Dictionary { width } => {
                out.push(width);
                hybrid::encode(self.values(page), width, &mut out);
            }
            Layout::Plain => {
                for &position in self.values(page) {
                    plain(strings.get(dictionary[position as usize]), &mut out);
                }
            }
        }
        out
    }
}

fn levels(levels: &[u32], most: i16, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    hybrid::encode(levels, hybrid::width(most as u32), out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn plain(string: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(string.len() as u32).to_le_bytes());
    out.extend_from_slice(string.as_bytes());
}

/// A chunk being put together.
struct Out<'a> {
    column: &'a ColumnDescPtr,
    compressor: Option<&'a mut zstd::bulk::Compressor<'static>>,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    values: usize,
    dictionary: bool,
    encodings: Vec<PageEncodingStats>,
    first_page: Option<u64>,
    offsets: OffsetIndexBuilder,
    index: ColumnIndexBuilder,
    boundless: bool,
}

impl<'a> Out<'a> {
    fn new(column: &'a ColumnDescPtr, compressor: Option<&'a mut zstd::bulk::Compressor<'static>>) -> Self {
        Self {
            column,
            compressor,
            sink: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            values: 0,
            dictionary: false,
            encodings: Vec::new(),
            first_page: None,
            offsets: OffsetIndexBuilder::new(),
            index: ColumnIndexBuilder::new(Type::BYTE_ARRAY),
            boundless: false,
        }
    }

    fn compressed(&mut self, bytes: Vec<u8>) -> Result<Bytes> {
        match &mut self.compressor {
            Some(compressor) => Ok(compressor.compress(&bytes)?.into()),
            None => Ok(bytes.into()),
        }
    }

    fn dictionary(&mut self, dictionary: &[u32], strings: &Distinct, bytes: usize) -> Result<()> {
        let mut buffer = Vec::with_capacity(bytes);
        dictionary.iter().for_each(|&number| plain(strings.get(number), &mut buffer));
        let length = buffer.len();
        let page = Page::DictionaryPage {
            buf: self.compressed(buffer)?,
            num_values: dictionary.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary = true;
        self.write(CompressedPage::new(page, length), PageType::DICTIONARY_PAGE, Encoding::PLAIN)?;
        Ok(())
    }

    /// Appends a data page of so many values, nulls included, and rows.
    fn page(
        &mut self,
        body: Vec<u8>,
        layout: Layout,
        values: usize,
        rows: usize,
        (bounds, nulls): (Option<(&str, &str)>, u64),
        statistics: EnabledStatistics,
    ) -> Result<()> {
        let encoding = match layout {
            Layout::Dictionary { .. } => Encoding::RLE_DICTIONARY,
            Layout::Plain => Encoding::PLAIN,
        };
        // A required column has no levels.
        let values = if self.column.max_def_level() > 0 { values } else { rows };
        self.values += values;
        let length = body.len();
        let page = Page::DataPage {
            buf: self.compressed(body)?,
            num_values: values as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (offset, size) = self.write(CompressedPage::new(page, length), PageType::DATA_PAGE, encoding)?;
        self.first_page.get_or_insert(offset);
        self.offsets.append_row_count(rows as i64);
        self.offsets.append_offset_and_size(offset as i64, size as i32);
        if statistics == EnabledStatistics::Page {
            match bounds {
                None => self.index.append(true, Vec::new(), Vec::new(), nulls as i64, None),
                Some((smallest, largest)) => match upper(largest) {
                    Some((largest, _)) => {
                        let smallest = lower(smallest).0.as_bytes().to_vec();
                        self.index.append(false, smallest, largest.into_bytes(), nulls as i64, None);
                    }
                    None => self.boundless = true,
                },
            }
        }
        Ok(())
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

    fn close(
        self,
        bounds: Option<(&str, &str)>,
        bloom_filter: Option<Sbbf>,
        nulls: u64,
        rows: usize,
        statistics: EnabledStatistics,
    ) -> Result<Chunk> {
        let zstd = ZstdLevel::try_new(COMPRESSION_LEVEL)?;
        let codec = self.compressor.map_or(Compression::UNCOMPRESSED, |_| Compression::ZSTD(zstd));
        let bytes: Bytes = self.sink.into_inner()?.into();
        let first_page = self.first_page.ok_or_else(|| ParquetError::General("a chunk of no rows".into()))?;
        let mut encodings: Vec<Encoding> = self.encodings.iter().map(|page| page.encoding).collect();
        encodings.push(Encoding::RLE);
        let mut metadata = ColumnChunkMetaData::builder(self.column.clone())
            .set_compression(codec)
            .set_encodings(encodings)
            .set_page_encoding_stats(self.encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.values as i64)
            .set_dictionary_page_offset(self.dictionary.then_some(0))
            .set_data_page_offset(first_page as i64);
        if statistics != EnabledStatistics::None {
            metadata = metadata.set_statistics(chunk_statistics(bounds, nulls));
        }
        let indexed = statistics == EnabledStatistics::Page && !self.boundless;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter,
            column_index: if indexed { Some(self.index.build()?) } else { None },
            offset_index: Some(self.offsets.build()),
        };
        Ok(Chunk { bytes, close })
    }
}

fn chunk_statistics(bounds: Option<(&str, &str)>, nulls: u64) -> Statistics {
    let bounds = bounds.and_then(|(smallest, largest)| Some((lower(smallest), upper(largest)?)));
    let value = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    let statistics = match bounds {
        Some(((smallest, smallest_exact), (largest, largest_exact))) => {
            ValueStatistics::new(Some(value(smallest)), Some(value(&largest)), None, Some(nulls), false)
                .with_min_is_exact(smallest_exact)
                .with_max_is_exact(largest_exact)
        }
        None => ValueStatistics::new(None, None, None, Some(nulls), false),
    };
    Statistics::ByteArray(statistics)
}

/// What no longer string than a bound's stands for: the string or a smaller one; and whether it is the string.
fn lower(text: &str) -> (&str, bool) {
    (&text[..text.floor_char_boundary(BOUND_BYTES)], text.len() <= BOUND_BYTES)
}

/// The string, or a short one that is larger; none where there is no such.
fn upper(text: &str) -> Option<(String, bool)> {
    if text.len() <= BOUND_BYTES {
        return Some((text.to_owned(), true));
    }
    let head = &text[..text.floor_char_boundary(BOUND_BYTES)];
    // The last letter that has a next one in ASCII; all behind it is left out.
    let at = head.bytes().rposition(|byte| byte < 0x7e)?;
    Some((format!("{}{}", &head[..at], char::from(head.as_bytes()[at] + 1)), false))
}
