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
        "the {format} data grows more than {ratio} times and past {bytes} bytes: taken for a decompression bomb"
    )]
    Bomb { format: &'static str, ratio: u64, bytes: u64 },
}
