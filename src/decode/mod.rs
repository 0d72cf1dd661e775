//! Bytes to events: decompress, frame, containers, the audit event. Every hostile byte ends here.

mod archives;
mod containers;
mod content;
mod cursor;
mod cut;
mod decoder;
mod decompress;
mod dotted;
mod error;
pub mod event;
mod fields;
mod frame;
mod framing;
mod gzip;
mod job;
mod lz4;
mod nested;
mod pieces;
mod quick;
mod reasons;
mod record;
mod remembered;
mod resource_name;
mod scalar;
mod scan;
mod seekable;
mod shape;
mod strings;
mod surrogates;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
mod wire;

pub use archives::{Archive, MAX_DEPTH, MAX_MEMBERS, Member, Within};
pub use content::{Body, Content, Opened, Records};
pub use decoder::{DecodeOptions, Decoder, is_log_record};
pub use decompress::decompress;
pub use error::{DecodeError, StreamError};
pub use event::{AuditEvent, EventTimeSource, LogType};
pub use frame::{Chunk, ChunkReader, Frame, Limits, is_closed};
pub use pieces::{DOCKER_PIECE, is_open};

use std::borrow::Cow;

/// What one framed value turned out to hold. A frame can give several: an `EventList` or an
/// Event Hub body gives one per item.
///
/// Every input record ends as exactly one of these, which is what makes the accounting an identity.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// A Kubernetes audit record.
    Event(&'a AuditEvent<'a>),
    /// A valid log record that is not a Kubernetes audit record, by the name it is counted under
    /// (`klog`, `logfmt`, `aks:kube-controller-manager`, `gke:container.googleapis.com`, ...).
    Other(Cow<'a, str>),
    /// What could not be read, with the bytes it was read from.
    Reject(Reject<'a>),
}

/// A record that could not be read: why, and its bytes as they stood in the source.
#[derive(Debug)]
pub struct Reject<'a> {
    pub reason: RejectReason,
    /// The part of the frame that is rejected; the whole frame where no part can be told.
    pub bytes: &'a [u8],
}

/// Why a record was rejected. `code()` is the stable word kept in the lake and in summaries,
/// `detail` says what exactly was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectReason {
    pub code: RejectCode,
    pub detail: String,
}

/// The stable kinds of reject, as counted in the accounting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// Not JSON, and not text of a known log kind.
    NotJson,
    /// JSON that ends before its value does.
    Cut,
    /// JSON, but no record of any known container.
    NotAudit,
    /// An audit record without any time.
    NoTime,
    /// An audit record whose time cannot be read.
    BadTime,
    /// A known field holds a value of another type.
    WrongType,
    /// Nested deeper than the decoder follows.
    TooDeep,
    /// Longer than a record may be.
    TooLong,
}

impl RejectCode {
    /// The word for this code in the lake, in JSON and in summaries.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotJson => "not-json",
            Self::Cut => "cut",
            Self::NotAudit => "not-audit",
            Self::NoTime => "no-time",
            Self::BadTime => "bad-time",
            Self::WrongType => "wrong-type",
            Self::TooDeep => "too-deep",
            Self::TooLong => "too-long",
        }
    }
}
