//! What ends the reading of a source. A record that can't be read is a [`super::Reject`] instead.

use std::io;

/// A stream that could not be read to its end. What was decoded before stays good.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("could not read past byte {offset} (after decompression); what follows is lost")]
    Read {
        offset: u64,
        #[source]
        source: io::Error,
    },
    #[error("could not read the first bytes")]
    Sniff {
        #[source]
        source: io::Error,
    },
    #[error("could not set up the {format} reader")]
    Layer {
        format: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("compressed more than {0} times over; unpack it first")]
    TooManyLayers(usize),
    #[error("could not read past row {row} of the table; what follows is lost")]
    Rows {
        row: u64,
        #[source]
        source: io::Error,
    },
    #[error("could not set up the reader of the {form} file")]
    Table {
        form: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the {form} archive is cut off or damaged after {members} members; what follows is lost")]
    Archive {
        form: &'static str,
        members: usize,
        #[source]
        source: io::Error,
    },
    #[error("could not open the member of the archive")]
    Member {
        #[source]
        source: io::Error,
    },
    #[error("more than {0} members in the archive; unpack it and ingest the folder")]
    TooManyMembers(usize),
    #[error("an archive inside {0} others; unpack it first")]
    TooManyArchives(usize),
}

/// Why a compressed stream broke off; stands as the cause inside [`DecodeError::Read`].
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("the {format} data is cut off or damaged after {bytes} decompressed bytes; fetch the file again")]
    Damaged {
        format: &'static str,
        bytes: u64,
        #[source]
        source: io::Error,
    },
    #[error(
        "the {format} data ends after {bytes} decompressed bytes, and what stands behind it is no {format}; it is not read"
    )]
    Behind { format: &'static str, bytes: u64 },
    #[error(
        "the {format} data grows more than {ratio} times and past {bytes} bytes: taken for a decompression bomb"
    )]
    Bomb { format: &'static str, ratio: u64, bytes: u64 },
}

/// Why an archive or a table cannot be what it says.
pub(super) fn damaged(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
