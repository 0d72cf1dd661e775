//! bzip2, several blocks of a file at once: one thread decompresses 50 MB of logs a second, where it ingests 140.
//!
//! A block begins with a mark, at any bit, and depends on no other block: as a stream of its own, each is left to the
//! library. A mark may stand inside a block by chance too (one bit in 2^48), so what ends at a mark and is no block is tried
//! up to the next one. What still is none is damaged or cut, and is read with all that follows as one stream.

use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bzip2::bufread::{BzDecoder, MultiBzDecoder};

use super::decompress::{Failing, Whole};
use super::threads::Threads;

/// What a block begins with, and what follows a stream's last one.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
const MARK: usize = 48;
/// A checksum follows either.
const CHECKSUM: usize = 32;
/// What a stream begins with.
type Header = [u8; 4];

/// The longest block, in bytes: 900,000 symbols of 20 bits at most, and their tables.
const LONGEST: usize = (9 << 20) / 4;
/// Marks that a block is tried up to.
const TRIES: usize = 16;
/// Hundreds of kilobytes of text that are decoded together, by a decoder that takes 3.6 MB for the largest blocks: one for
/// each block took a fifth longer.
const RUN: usize = if cfg!(test) { 4 } else { 36 };
/// Text that a run is asked for at once. A block of repetitions holds up to fifty times its 900 kB; the rest is read where
/// it is wanted.
const TEXT: usize = if cfg!(test) { 450_000 } else { 4 << 20 };
/// Bytes behind which the next block begins before they are let go.
const FORGOTTEN: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };
/// Bytes read at a time.
const READ: usize = if cfg!(test) { 1 << 10 } else { 128 << 10 };

/// What a file holds, decompressed on a share of these threads.
pub(super) fn bzip2(input: impl BufRead + Send + 'static, threads: &Arc<Threads>) -> Whole {
    match threads.are_several() {
        true => Box::new(Blocks::new(Box::new(input), Arc::clone(threads))),
        false => Box::new(MultiBzDecoder::new(input)),
    }
}

struct Blocks {
    input: Whole,
    threads: Arc<Threads>,
    /// Whether so many bits are a mark.
    is_mark: fn(u64) -> bool,
    /// Bytes from about the next block on.
    stored: Vec<u8>,
    /// Why there are no more, where that is an error.
    failure: Option<io::Error>,
    is_end: bool,
    /// The bit in them that the next header, block or end begins at, and that of the first which nobody decodes yet.
    at: usize,
    ahead: usize,
    /// What their streams began with. It says how large blocks are at most.
    header: Header,
    header_ahead: Header,
    /// The blocks between.
    runs: VecDeque<Run>,
    /// The checksum of the stream's blocks so far; none between streams.
    checksum: Option<u32>,
    /// What is read before anything else.
    text: Whole,
    is_over: bool,
}

/// Blocks that follow each other in a stream, and who decodes them.
struct Run {
    starts: Vec<usize>,
    end: usize,
    decoding: Option<JoinHandle<Option<Decoded>>>,
}

struct Decoded {
    text: Vec<u8>,
    /// What gives the rest of a long one.
    rest: Option<BzDecoder<Cursor<Vec<u8>>>>,
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.text.read(buffer);
            match read {
                Ok(0) if !self.is_over => {}
                _ => {
                    self.is_over |= read.is_err();
                    return read;
                }
            }
            self.step();
        }
    }
}

impl Blocks {
    fn new(input: Whole, threads: Arc<Threads>) -> Self {
        Self {
            input,
            threads,
            is_mark: |bits| matches!(bits, BLOCK | END),
            stored: Vec::new(),
            failure: None,
            is_end: false,
            at: 0,
            ahead: 0,
            header: Header::default(),
            header_ahead: Header::default(),
            runs: VecDeque::new(),
            checksum: None,
            text: Box::new(io::empty()),
            is_over: false,
        }
    }

    /// Goes on to what comes next: a header, a block or a stream's end.
    fn step(&mut self) {
        self.fill_to(self.at + MARK + CHECKSUM);
        match (self.checksum, bits(&self.stored, self.at, MARK)) {
            (None, None) if self.is_end_behind_a_stream() => self.is_over = true,
            (None, Some(_)) if self.begin().is_some() => {}
            (Some(checksum), Some(BLOCK)) if self.blocks(checksum).is_some() => {}
            (Some(checksum), Some(END)) if self.end(checksum).is_some() => {}
            _ => self.leave(),
        }
    }

    fn is_end_behind_a_stream(&self) -> bool {
        self.at > 0 && self.at == 8 * self.stored.len() && self.failure.is_none()
    }

    /// Begins a stream.
    fn begin(&mut self) -> Option<()> {
        self.header = header_at(&self.stored, self.at / 8)?;
        self.at += 8 * self.header.len();
        self.checksum = Some(0);
        Some(())
    }

    /// Gives the next blocks' text.
    fn blocks(&mut self, checksum: u32) -> Option<()> {
        let (Decoded { text, rest }, starts, end) = self.next_run()?;
        self.checksum = Some(checksum_of(&self.stored, &starts, checksum)?);
        self.at = end;
        self.text = match rest {
            Some(rest) => Box::new(Cursor::new(text).chain(rest)),
            None => Box::new(Cursor::new(text)),
        };
        Some(())
    }

    /// Ends a stream whose blocks have this checksum.
    fn end(&mut self, checksum: u32) -> Option<()> {
        let own = bits(&self.stored, self.at + MARK, CHECKSUM)?;
        if own == u64::from(checksum) {
            self.at = (self.at + MARK + CHECKSUM).next_multiple_of(8);
            self.checksum = None;
        } else {
            let damaged = io::Error::new(io::ErrorKind::InvalidInput, bzip2::Error::Data);
            (self.text, self.is_over) = (Box::new(Failing(Some(damaged))), true);
        }
        Some(())
    }

    /// The next blocks, where they begin, and the mark that the last one goes up to.
    fn next_run(&mut self) -> Option<(Decoded, Vec<usize>, usize)> {
        self.look_ahead();
        let Run { starts, end, decoding } = self.runs.pop_front()?;
        // One that panics is as good as none.
        match decoding.and_then(|thread| thread.join().ok().flatten()) {
            Some(decoded) => Some((decoded, starts, end)),
            None => self.next_block(starts.get(1).copied().unwrap_or(end)),
        }
    }

    /// The next block alone, up to this mark or one behind it.
    fn next_block(&mut self, mut end: usize) -> Option<(Decoded, Vec<usize>, usize)> {
        let starts = vec![self.at];
        self.runs.clear();
        for _ in 0..TRIES {
            if let Some(decoded) = decode(stream_of(&self.stored, &starts, end, self.header)?) {
                (self.ahead, self.header_ahead) = (end, self.header);
                return Some((decoded, starts, end));
            }
            end = self.mark_behind(end)?;
        }
        None
    }

    /// Has the next blocks decoded, each run of them on a thread.
    fn look_ahead(&mut self) {
        if self.ahead < self.at {
            (self.ahead, self.header_ahead) = (self.at, self.header);
        }
        if self.at / 8 >= FORGOTTEN {
            self.forget();
        }
        while self.runs.len() < self.threads.share() {
            let Some((starts, end)) = self.run_ahead() else { break };
            if starts.is_empty() {
                let header = (end / 8).checked_sub(self.header.len());
                let header = header.and_then(|at| header_at(&self.stored, at));
                self.header_ahead = header.unwrap_or(self.header_ahead);
            } else {
                let stream = stream_of(&self.stored, &starts, end, self.header_ahead).unwrap_or_default();
                let decoding = thread::Builder::new().spawn(|| decode(stream)).ok();
                self.runs.push_back(Run { starts, end, decoding });
            }
            self.ahead = end;
        }
    }

    /// Where the next blocks begin that nobody decodes yet, and the mark that they go up to; no blocks at a stream's end.
    fn run_ahead(&mut self) -> Option<(Vec<usize>, usize)> {
        let hundreds = usize::from(self.header_ahead[3].saturating_sub(b'0')).max(1);
        let (mut starts, mut end) = (Vec::new(), self.ahead);
        while bits(&self.stored, end, MARK) == Some(BLOCK) && starts.len() * hundreds < RUN {
            match self.mark_behind(end) {
                Some(behind) => starts.push(std::mem::replace(&mut end, behind)),
                None if starts.is_empty() => return None,
                None => break,
            }
        }
        if starts.is_empty() { Some((starts, self.mark_behind(end)?)) } else { Some((starts, end)) }
    }

    /// Lets go of the bytes before the next block.
    fn forget(&mut self) {
        let bytes = self.at / 8;
        self.stored.drain(..bytes);
        self.at -= 8 * bytes;
        self.ahead -= 8 * bytes;
        for run in &mut self.runs {
            run.starts.iter_mut().chain([&mut run.end]).for_each(|place| *place -= 8 * bytes);
        }
    }

    /// Leaves the rest to the library: it is no block.
    fn leave(&mut self) {
        let rest = Cursor::new(self.stored.split_off(self.at / 8));
        let failure = Failing(self.failure.take());
        let input = std::mem::replace(&mut self.input, Box::new(io::empty()));
        let rest = rest.chain(failure).chain(input);
        self.text = match self.checksum {
            None => Box::new(MultiBzDecoder::new(io::BufReader::new(rest))),
            Some(_) => {
                let shifted = Shifted { reader: rest, by: self.at % 8, held: None };
                Box::new(MultiBzDecoder::new(io::BufReader::new(Cursor::new(self.header).chain(shifted))))
            }
        };
        self.runs.clear();
        self.is_over = true;
    }

    /// The first mark behind one, if it is as near as the longest block is long.
    fn mark_behind(&mut self, start: usize) -> Option<usize> {
        let mut from = start + MARK;
        loop {
            if let Some(mark) = mark(&self.stored, from, self.is_mark) {
                return Some(mark);
            }
            from = from.max((8 * self.stored.len() + 1).saturating_sub(MARK));
            if from - start > 8 * LONGEST || !self.fill() {
                return None;
            }
        }
    }

    /// Reads until there are so many bits, or no more.
    fn fill_to(&mut self, bits: usize) {
        while 8 * self.stored.len() < bits && self.fill() {}
    }

    /// Reads more; whether there was any.
    fn fill(&mut self) -> bool {
        if self.is_end {
            return false;
        }
        match (&mut self.input).take(READ as u64).read_to_end(&mut self.stored) {
            Ok(read) => self.is_end = read < READ,
            Err(error) => (self.failure, self.is_end) = (Some(error), true),
        }
        true
    }
}

/// What a stream begins with that begins at a byte.
fn header_at(bytes: &[u8], at: usize) -> Option<Header> {
    let header = *bytes.get(at..)?.first_chunk()?;
    matches!(header, [b'B', b'Z', b'h', b'1'..=b'9']).then_some(header)
}

/// What the fourth byte from the end can be where a mark ends in the last one: else there is no need to look at every bit,
/// which took a tenth as long as decompression.
static INSIDE: [bool; 256] = {
    let mut inside = [false; 256];
    let mut shift = 0;
    while shift < 8 {
        inside[(BLOCK << shift >> 24) as u8 as usize] = true;
        inside[(END << shift >> 24) as u8 as usize] = true;
        shift += 1;
    }
    inside
};

/// The first mark that begins at a bit or behind it.
fn mark(bytes: &[u8], from: usize, is_mark: fn(u64) -> bool) -> Option<usize> {
    let mut window = 0_u64;
    for (at, &byte) in bytes.iter().enumerate().skip(from / 8) {
        window = window << 8 | u64::from(byte);
        if !INSIDE[usize::from((window >> 24) as u8)] {
            continue;
        }
        for shift in (0..8).rev() {
            if is_mark((window >> shift) & ((1 << MARK) - 1))
                && let Some(start) = (8 * (at + 1)).checked_sub(MARK + shift)
                && start >= from
            {
                return Some(start);
            }
        }
    }
    None
}

/// So many bits, at most 48, as a number.
fn bits(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let end = (at + count).div_ceil(8);
    let window = bytes.get(at / 8..end)?.iter().fold(0_u64, |window, byte| window << 8 | u64::from(*byte));
    Some((window >> (8 * end - at - count)) & ((1 << count) - 1))
}

/// Decodes a stream; none where it is no such.
fn decode(stream: Vec<u8>) -> Option<Decoded> {
    let mut decoder = BzDecoder::new(Cursor::new(stream));
    let mut text = Vec::with_capacity(TEXT.min(1 << 20));
    let read = (&mut decoder).take(TEXT as u64).read_to_end(&mut text).ok()?;
    Some(Decoded { text, rest: (read == TEXT).then_some(decoder) })
}

/// A stream of nothing but the blocks that begin here, the last of them up to a mark.
fn stream_of(stored: &[u8], starts: &[usize], end: usize, header: Header) -> Option<Vec<u8>> {
    let start = *starts.first()?;
    let mut stream = Vec::with_capacity((end - start) / 8 + 16);
    stream.extend_from_slice(&header);
    let bytes = stored.get(start / 8..end.div_ceil(8) + 1)?;
    let whole = bytes.windows(2).take((end - start) / 8);
    stream.extend(whole.map(|pair| joined(pair[0], pair[1], start % 8)));
    let left = (end - start) % 8;
    let tail = u128::from(bits(stored, end - left, left)?) << MARK | u128::from(END);
    let tail = tail << CHECKSUM | u128::from(checksum_of(stored, starts, 0)?);
    let length = left + MARK + CHECKSUM;
    let tail = tail << (length.next_multiple_of(8) - length);
    stream.extend_from_slice(&tail.to_be_bytes()[16 - length.div_ceil(8)..]);
    Some(stream)
}

/// The checksum of a stream's blocks, from the one that those have which stand before them.
fn checksum_of(stored: &[u8], starts: &[usize], before: u32) -> Option<u32> {
    starts.iter().try_fold(before, |checksum, start| {
        let own = bits(stored, start + MARK, CHECKSUM)?;
        Some(checksum.rotate_left(1) ^ own as u32)
    })
}

/// The byte that begins so many bits behind the first one's beginning.
fn joined(first: u8, second: u8, by: usize) -> u8 {
    (u16::from_be_bytes([first, second]) >> (8 - by)) as u8
}

/// Bytes that begin at a bit inside another's.
struct Shifted<R> {
    reader: R,
    by: usize,
    held: Option<u8>,
}

impl<R: Read> Read for Shifted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.reader.read(buffer)?;
            let mut given = 0;
            for at in 0..read {
                let byte = buffer[at];
                if let Some(held) = self.held.replace(byte) {
                    buffer[given] = joined(held, byte, self.by);
                    given += 1;
                }
            }
            if read == 0
                && let Some(to) = buffer.first_mut()
                && let Some(held) = self.held.take()
            {
                *to = joined(held, 0, self.by);
                given = 1;
            }
            if given > 0 || read == 0 {
                return Ok(given);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bzip2::Compression;
    use bzip2::write::BzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn stored(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = BzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Texts that do not fit in one of the smallest blocks, and some that are nearly all repetition.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            3 => (0..400_000_u32, any::<u32>()).prop_map(|(length, seed)| {
                (0..length).map(|n| (n.wrapping_mul(2_654_435_761) ^ seed).to_be_bytes()[0] % 7 + b'a').collect()
            }),
            1 => (0..3_000_000_usize).prop_map(|length| vec![b'a'; length]),
            1 => Just(Vec::new()),
        ]
    }

    /// Bytes that are asked for at a time, of which the library loses those that an error comes with.
    const ASKED: usize = 1 << 10;

    fn read(mut reader: impl Read) -> (Vec<u8>, Option<io::ErrorKind>) {
        let (mut text, mut buffer) = (Vec::new(), [0; ASKED]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (text, None),
                Ok(read) => text.extend_from_slice(&buffer[..read]),
                Err(error) => return (text, Some(error.kind())),
            }
        }
    }

    fn blocks(stored: &[u8], threads: usize) -> Blocks {
        Blocks::new(Box::new(Cursor::new(stored.to_vec())), Arc::new(Threads::new(threads, 1)))
    }

    fn reads_the_same(stored: &[u8], blocks: Blocks) {
        let (text, error) = read(blocks);
        let (whole, expected) = read(MultiBzDecoder::new(stored));
        assert_eq!(error, expected);
        let lost = if error.is_some() { ASKED } else { 0 };
        assert!(text.len().abs_diff(whole.len()) <= lost, "{} {}", text.len(), whole.len());
        assert!(text.iter().zip(&whole).all(|(one, other)| one == other));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn reads_what_the_library_reads(
            streams in prop::collection::vec((text(), 1..10_u32), 0..4),
            behind in prop::collection::vec(any::<u8>(), 0..6),
            damaged in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
            cut in prop::option::of(any::<prop::sample::Index>()),
            mark in prop::option::of(any::<prop::sample::Index>()),
            threads in 1..5_usize,
        ) {
            let streams = streams.iter().flat_map(|(text, level)| stored(text, *level));
            let mut stored: Vec<u8> = streams.chain(behind).collect();
            if let Some((at, byte)) = damaged && !stored.is_empty() {
                *at.get_mut(&mut stored) = byte;
            }
            if let Some(mark) = mark && !stored.is_empty() {
                let at = mark.index(stored.len());
                stored.splice(at..at, BLOCK.to_be_bytes()[2..].iter().copied());
            }
            if let Some(cut) = cut && !stored.is_empty() {
                stored.truncate(cut.index(stored.len()));
            }
            reads_the_same(&stored, blocks(&stored, threads));
        }

        #[test]
        fn a_mark_by_chance_is_none(text in text(), level in 1..3_u32, threads in 1..5_usize) {
            let stored = stored(&text, level);
            // As if marks were shorter: one in 8 KiB.
            let is_mark = |bits| matches!(bits, BLOCK | END) || (bits ^ BLOCK) & 0xffff_0000 == 0;
            reads_the_same(&stored, Blocks { is_mark, ..blocks(&stored, threads) });
        }

        #[test]
        fn finds_a_mark_at_any_bit(before in prop::collection::vec(any::<u8>(), 0..9), by in 0..8_usize, end: bool) {
            let marked = u64::from_be_bytes([0xff; 8]) << MARK | if end { END } else { BLOCK };
            let bytes = [&before[..], &(marked << by).to_be_bytes(), &[0xff]].concat();
            let is_mark = |bits| matches!(bits, BLOCK | END);
            let at = 8 * (before.len() + 2) - by;
            prop_assert_eq!(mark(&bytes, 0, is_mark), Some(at));
            prop_assert_eq!(mark(&bytes, at, is_mark), Some(at));
            prop_assert_eq!(mark(&bytes, at + 1, is_mark), None);
        }
    }
}
