//! tar, as a stream: headers, and the bytes between them. The `tar` crate reads the headers; its own iterator borrows
//! the archive, while a member here is read by whoever holds it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use tar::{EntryType, Header};

use super::super::decompress::Whole;
use super::super::error::damaged;
use super::Entry;

const BLOCK: usize = 512;

/// The longest name, and the longest list of extended attributes.
const LONGEST_NAME: u64 = 1 << 20;

/// Whether a file begins with a tar header.
pub(in crate::decode) fn is_tar(head: &[u8]) -> bool {
    head.get(..BLOCK).is_some_and(|block| {
        let header = Header::from_byte_slice(block);
        let old = header.as_ustar().is_none() && header.as_gnu().is_none();
        // The old form has no magic. Its checksum could be met by chance, hence the look at its name.
        is_sound(header) && (!old || block[0] != 0 && header.path_bytes().iter().all(|byte| *byte >= b' '))
    })
}

/// A header's checksum counts its own field as spaces.
fn is_sound(header: &Header) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let bytes = header.as_bytes();
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let ours = sum(&bytes[..FIELD.start]) + sum(&bytes[FIELD.end..]) + 8 * u32::from(b' ');
    header.cksum().is_ok_and(|theirs| theirs == ours)
}

/// The members of a tar archive, one after another.
pub(super) struct Tar {
    stream: Arc<Mutex<Stream>>,
}

struct Stream {
    reader: Whole,
    /// Bytes of the member that is being read, and what fills its last block.
    left: u64,
    padding: u64,
}

/// What the headers before a member say of it.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Tar {
    pub(super) fn new(reader: Whole) -> Self {
        Self { stream: Arc::new(Mutex::new(Stream { reader, left: 0, padding: 0 })) }
    }

    /// The next file; what was not read of the one before is passed over.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let mut extended = Extended::default();
        loop {
            let mut stream = lock(&self.stream);
            stream.pass()?;
            let Some(header) = stream.header()? else { return Ok(None) };
            let says_more = header.entry_type().is_gnu_longname()
                || header.entry_type().is_gnu_longlink()
                || header.entry_type().is_pax_local_extensions();
            let size = extended.size.filter(|_| !says_more).map_or_else(|| header.entry_size(), Ok)?;
            stream.left = size;
            let block = BLOCK as u64;
            stream.padding = (block - size % block) % block;
            match header.entry_type() {
                EntryType::GNULongName => extended.name = Some(until(&stream.text()?, 0).to_vec()),
                EntryType::XHeader => extended.read(&stream.text()?)?,
                EntryType::Regular | EntryType::Continuous => {
                    drop(stream);
                    let name = extended.name.unwrap_or_else(|| header.path_bytes().into_owned());
                    // The old form marks a folder by its name only.
                    if name.ends_with(b"/") {
                        extended = Extended::default();
                        continue;
                    }
                    let body: io::Result<Whole> = if extended.sparse {
                        Err(sparse())
                    } else {
                        Ok(Box::new(Body(Arc::clone(&self.stream))))
                    };
                    return Ok(Some(Entry { name, body }));
                }
                EntryType::GNUSparse => {
                    let name = extended.name.unwrap_or_else(|| header.path_bytes().into_owned());
                    // Its map may go on in further blocks, which do not count as its size.
                    let more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
                    if more {
                        return Err(sparse());
                    }
                    return Ok(Some(Entry { name, body: Err(sparse()) }));
                }
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                // Folders, links, devices: nothing to read.
                _ => extended = Extended::default(),
            }
        }
    }
}

fn lock(stream: &Mutex<Stream>) -> std::sync::MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

fn until(bytes: &[u8], end: u8) -> &[u8] {
    &bytes[..memchr::memchr(end, bytes).unwrap_or(bytes.len())]
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn sparse() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "a sparse file: unpack it and ingest it as it is then")
}

impl Extended {
    /// Lines of `LENGTH KEY=VALUE`. The length counts the whole line, as a value may hold newlines.
    fn read(&mut self, text: &[u8]) -> io::Result<()> {
        let mut rest = text;
        while !rest.is_empty() && rest[0] != 0 {
            let digits = until(rest, b' ');
            let length = number(digits).and_then(|length| usize::try_from(length).ok());
            // A line is longer than its length's digits: one that is not would never end.
            let line = length.and_then(|length| rest.get(..length)).filter(|line| line.len() > digits.len());
            let line = line.ok_or_else(|| damaged("broken attributes"))?;
            rest = &rest[line.len()..];
            let line = &line[digits.len()..];
            let line = line.strip_prefix(b" ").unwrap_or(line);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let key = until(line, b'=');
            let value = line.get(key.len() + 1..).unwrap_or_default();
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => {
                    self.size = Some(number(value).ok_or_else(|| damaged("a size that is no number"))?);
                }
                key => self.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}

impl Stream {
    /// Passes over what is left of a member.
    fn pass(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.left).saturating_add(std::mem::take(&mut self.padding));
        match io::copy(&mut (&mut self.reader).take(rest), &mut io::sink())? {
            passed if passed == rest => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The next header; `None` at the end, also where the two empty blocks that mark it are missing. Behind them may stand
    /// another archive that was joined to this one; anything else there is padding.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut is_over = false;
        loop {
            let header = match self.block() {
                Ok(Some(header)) => header,
                Err(error) if !is_over => return Err(error),
                _ => return Ok(None),
            };
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                is_over = true;
            } else if is_sound(&header) {
                return Ok(Some(header));
            } else if is_over {
                return Ok(None);
            } else {
                return Err(damaged("no header stands where one should"));
            }
        }
    }

    /// The next block, as a header; `None` at the end.
    fn block(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while filled < BLOCK {
            match self.reader.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(header))
    }

    /// The whole of a member that says something of the next one.
    fn text(&mut self) -> io::Result<Vec<u8>> {
        if self.left > LONGEST_NAME {
            return Err(damaged("a name or attributes of more than 1 MiB"));
        }
        let mut text = Vec::new();
        let length = std::mem::take(&mut self.left);
        if (&mut self.reader).take(length).read_to_end(&mut text)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(text)
    }
}

/// The bytes of the member that was found last.
struct Body(Arc<Mutex<Stream>>);

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = lock(&self.0);
        let wanted = buffer.len().min(usize::try_from(stream.left).unwrap_or(usize::MAX));
        let read = stream.reader.read(&mut buffer[..wanted])?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        stream.left -= read as u64;
        Ok(read)
    }
}
