//! What a Parquet file says of its sizes, before the library believes it: it makes room for what is said, and unpacks a
//! page whatever comes out.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::damaged;
use super::thrift::{Item, walk};
use crate::decode::decompress::{Format, layer};
use crate::decode::seekable::Seekable;

/// The longest footer, and the most things in one list in it. Those of Security Lake have some 100 KB.
const LONGEST_FOOTER: u64 = 16 << 20;
const MOST: u64 = 100_000;

/// Columns inside columns. OCSF's are 5 deep, with what Parquet puts between.
const DEEPEST: usize = 32;

/// What the pages that are needed at a time may take, uncompressed.
const ROOM: u64 = 512 << 20;

/// Rows that are decoded at a time, if they are not too large for that.
const BATCHES: [u64; 3] = [256, 16, 1];

/// A value of a list, with its levels and its view.
const VALUE: u64 = 24;

/// Encodings of texts by what they share. A few bytes of them can stand for any number of texts of any length.
const SHARED: [i64; 2] = [6, 7];

/// Looks through the footer.
pub(super) fn check_footer(file: &Seekable) -> io::Result<()> {
    let end = file.length().checked_sub(8).ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut tail = [0; 8];
    file.at(end).read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != *b"PAR1" {
        return Err(damaged("the file does not end as one in this format does: it is cut off, or encrypted"));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = end.checked_sub(length).filter(|_| length <= LONGEST_FOOTER);
    let start = start.ok_or_else(|| damaged("a footer of an impossible length"))?;
    let mut columns = Columns::default();
    walk(&mut BufReader::new(file.at(start)).take(length), &mut |path, item| match (path, item) {
        (_, Item::List(length)) if length > MOST => Err(damaged("a footer with too many things in it")),
        ([2, 5], Item::Number(children)) => {
            columns.children = children;
            Ok(())
        }
        ([2], Item::End) => columns.next(),
        _ => Ok(()),
    })
}

/// The columns, which stand one after another, each before those in it.
#[derive(Default)]
struct Columns {
    /// For each column around the next one: how many of those in it are still to come.
    open: Vec<i64>,
    children: i64,
}

impl Columns {
    fn next(&mut self) -> io::Result<()> {
        let children = std::mem::take(&mut self.children);
        if !(0..=MOST as i64).contains(&children) || self.open.len() == DEEPEST {
            return Err(damaged("columns too many or too deep in one another"));
        }
        if let Some(open) = self.open.last_mut() {
            *open -= 1;
        }
        if children > 0 {
            self.open.push(children);
        }
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
        Ok(())
    }
}

/// Looks through the pages of a row group; how many rows of it may be decoded at a time.
pub(super) fn check_group(file: &Seekable, group: &RowGroupMetaData) -> io::Result<usize> {
    let columns = group.columns().iter().map(|column| Pages::of(file, column));
    let columns = columns.collect::<io::Result<Vec<_>>>()?;
    let room =
        |rows: &u64| columns.iter().fold(0, |sum: u64, pages| sum.saturating_add(pages.room(*rows))) <= ROOM;
    let rows = BATCHES.into_iter().find(room);
    let rows = rows.ok_or_else(|| damaged("a row group whose pages need more than 512 MiB at a time"))?;
    Ok(rows as usize)
}

/// The pages of a column in a row group.
#[derive(Default)]
struct Pages {
    /// Whether rows have several values.
    repeated: bool,
    /// Bytes of the values that others refer to, of all pages, of the largest, and of the one with the largest values.
    dictionary: u64,
    total: u64,
    largest: u64,
    densest: u64,
    values: u64,
}

/// What stands before a page.
#[derive(Default)]
struct Header {
    kind: i64,
    length: u64,
    stored: u64,
    values: u64,
    encoding: i64,
}

impl Pages {
    fn of(file: &Seekable, column: &ColumnChunkMetaData) -> io::Result<Self> {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let start = u64::try_from(start).map_err(|_| damaged("a column before the file"))?;
        let length = u64::try_from(column.compressed_size()).unwrap_or_default();
        let end = start.checked_add(length).filter(|end| *end <= file.length());
        let end = end.ok_or_else(|| damaged("a column behind the file's end"))?;
        let repeated = column.column_descr().max_rep_level() > 0;
        let mut pages = Self { repeated, ..Self::default() };
        let mut at = start;
        while at < end {
            let (header, size) = Header::read(file, at, end)?;
            at += size;
            if header.stored > end - at {
                return Err(damaged("a page that does not end with its column"));
            }
            check_codec(column.compression(), file, at, &header)?;
            pages.add(&header)?;
            at += header.stored;
        }
        Ok(pages)
    }

    fn add(&mut self, header: &Header) -> io::Result<()> {
        match header.kind {
            // Values that others refer to.
            2 => self.dictionary += header.length,
            0 | 3 if SHARED.contains(&header.encoding) => {
                return Err(damaged(
                    "texts in a DELTA encoding, which is not read: write the file again without it",
                ));
            }
            _ => {
                self.total = self.total.saturating_add(header.length);
                self.largest = self.largest.max(header.length);
                self.densest = self.densest.max(header.length / header.values.max(1));
                self.values = self.values.saturating_add(header.values);
            }
        }
        Ok(())
    }

    /// What is needed to have so many rows at a time. One row of lists may be all there is.
    fn room(&self, rows: u64) -> u64 {
        let pages = if self.repeated {
            self.total.saturating_add(self.values.saturating_mul(VALUE))
        } else {
            (2 * self.largest).saturating_add(rows.saturating_mul(self.densest)).min(self.total)
        };
        self.dictionary.saturating_add(pages)
    }
}

impl Header {
    /// The header at a place, and its own length.
    fn read(file: &Seekable, at: u64, end: u64) -> io::Result<(Self, u64)> {
        let mut header = Self::default();
        let mut reader = BufReader::new(file.at(at)).take(end - at);
        walk(&mut reader, &mut |path, item| {
            let Item::Number(number) = item else { return Ok(()) };
            let size = || u64::try_from(number).map_err(|_| damaged("a page of a negative length"));
            match path {
                [1] => header.kind = number,
                [2] => header.length = size()?,
                [3] => header.stored = size()?,
                [5 | 7 | 8, 1] => header.values = size()?,
                [5, 2] | [8, 4] => header.encoding = number,
                _ => {}
            }
            Ok(())
        })?;
        Ok((header, end - at - reader.limit()))
    }
}

/// Most codecs' readers stop at the length that is said. That of gzip does not.
fn check_codec(codec: Compression, file: &Seekable, at: u64, header: &Header) -> io::Result<()> {
    match codec {
        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_) | Compression::LZ4_RAW => {
            Ok(())
        }
        Compression::GZIP(_) => {
            let stored = file.at(at).take(header.stored);
            let plain = layer(Format::Gzip, Box::new(stored), &Arc::default()).map_err(io::Error::other)?;
            let length = io::copy(&mut plain.take(header.length + 1), &mut io::sink())?;
            if length > header.length { Err(damaged("a page longer than it says")) } else { Ok(()) }
        }
        other => Err(damaged(&format!("compressed as {other}, which is not read"))),
    }
}
