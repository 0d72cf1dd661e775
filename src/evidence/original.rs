//! The bytes of single records out of a source, read once from its start in bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::causes::chain;
use crate::decode::{Body, Chunk, Content, DecodeError, Decoded, Decoder, Records};
use crate::sources::{STDIN_URI, Source, SourceError, Stored, split_members, uri_to_path};

/// Why the original bytes of a row cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("standard input cannot be read again")]
    Stdin,
    #[error("it is gone")]
    Gone,
    #[error("no commit of the lake knows its hash, so nothing tells whether it is unchanged")]
    Unknown,
    #[error("it has changed since it was read: its SHA-256 is another, and it does not begin as it was then")]
    Changed,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("another record stands where {0} of the rows came from")]
    Elsewhere(u64),
}

/// What tells that a record is the one a row was made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Microseconds since 1970-01-01T00:00Z.
    pub event_time: i64,
    pub audit_id: Option<String>,
    pub record_id: Option<String>,
    pub stage: Option<String>,
}

/// What a source holds now, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    /// Of all bytes, lower case hex like all of them.
    pub sha256: String,
    pub size: u64,
    /// Of the first bytes, by their length.
    pub prefixes: BTreeMap<u64, String>,
}

/// A source that is read forward, frame by frame.
pub struct Original {
    stored: Stored,
    records: Records,
    chunk: Option<Chunk>,
    /// Of the frame in the chunk that was found last, or that comes next.
    frame: usize,
    decoder: Decoder,
    /// The marks of the records in the frame found last, by its offset.
    found: Option<(u64, Vec<Mark>)>,
}

impl Original {
    /// Opens the source of a URI from the lake; one in an archive is looked for from the archive's start.
    /// `lengths` are those that its first bytes are hashed at, beside the whole.
    pub fn open(uri: &str, lengths: BTreeSet<u64>) -> Result<Self, Lost> {
        let no_file = || Lost::Unreadable("it is no file".to_owned());
        let (file, members) = split_members(uri).ok_or_else(no_file)?;
        if file == STDIN_URI {
            return Err(Lost::Stdin);
        }
        let path = uri_to_path(file).ok_or_else(no_file)?;
        // A pipe would wait for somebody to write, and a device never end.
        if std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(no_file());
        }
        let source = Source::file(path);
        let (reader, seekable) = source.open_file().map_err(unopened)?;
        let mut body = Body::of_source(reader, seekable);
        for member in &members {
            body = body.member(&member.name, member.turn).map_err(unreadable)?.ok_or(Lost::Gone)?;
        }
        let stored = Stored::with_prefixes(body.reader, lengths);
        body.reader = Box::new(stored.clone());
        let records = match body.open().map_err(unreadable)?.content {
            Content::Records(records) => records,
            Content::Archive(_) => return Err(Lost::Unreadable("it is an archive now".to_owned())),
        };
        let decoder = Decoder::default();
        Ok(Self { stored, records, chunk: None, frame: 0, decoder, found: None })
    }

    /// The outermost value at an offset after decompression, where a record of this mark stands in
    /// it. Offsets must not decrease from call to call.
    pub fn record(&mut self, offset: u64, mark: &Mark) -> Option<&[u8]> {
        if self.found.as_ref().is_none_or(|(at, _)| *at != offset) && !self.find(offset) {
            return None;
        }
        let (_, marks) = self.found.as_ref()?;
        let chunk = self.chunk.as_ref()?;
        marks.contains(mark).then(|| chunk.bytes(&chunk.frames[self.frame]))
    }

    /// Reads what is left, and gives the hashes of the bytes as stored.
    pub fn finish(mut self, going: &dyn Fn() -> bool) -> Result<Hashes, Lost> {
        let hash = self.stored.finish(going).map_err(|error| Lost::Unreadable(error.to_string()))?;
        let sha256 = hash.ok_or_else(|| Lost::Unreadable("it breaks off".to_owned()))?;
        Ok(Hashes { sha256, size: Stored::bytes(&self.stored), prefixes: self.stored.prefixes() })
    }

    /// Goes on to the frame at an offset; false where none begins there.
    fn find(&mut self, offset: u64) -> bool {
        self.found = None;
        loop {
            let Some(chunk) = &mut self.chunk else {
                // Where the stream breaks off, what follows has no record either.
                let Ok(Some(chunk)) = self.records.next_chunk() else { return false };
                (self.chunk, self.frame) = (Some(chunk), 0);
                continue;
            };
            let Some(number) = chunk.seek(self.frame, offset) else {
                self.chunk = None;
                continue;
            };
            self.frame = number;
            let frame = &chunk.frames[number];
            if chunk.frame_offset(frame) > offset {
                return false;
            }
            let mut marks = Vec::new();
            self.decoder.decode_frame(chunk, frame, &mut |decoded| {
                if let Decoded::Event(event) = decoded {
                    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
                    marks.push(Mark {
                        event_time: event.event_time,
                        audit_id: text(&event.audit_id),
                        record_id: text(&event.record_id),
                        stage: text(&event.stage),
                    });
                }
            });
            self.found = Some((offset, marks));
            return true;
        }
    }
}

fn unopened(error: SourceError) -> Lost {
    match std::error::Error::source(&error) {
        Some(cause) if is_missing(cause) => Lost::Gone,
        Some(cause) => Lost::Unreadable(cause.to_string()),
        None => Lost::Unreadable(error.to_string()),
    }
}

fn unreadable(error: DecodeError) -> Lost {
    Lost::Unreadable(chain(&error))
}

fn is_missing(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::path_to_uri;

    fn line(n: u32) -> String {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{{"username":"ann"}},"requestReceivedTimestamp":"1970-01-01T00:00:00.{n:06}Z"}}"#
        )
    }

    fn mark(n: u32) -> Mark {
        Mark {
            event_time: n.into(),
            audit_id: Some(format!("id-{n}")),
            record_id: None,
            stage: Some("ResponseComplete".to_owned()),
        }
    }

    #[test]
    fn records_are_found_at_their_offsets_and_checked_against_their_marks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let lines: Vec<String> = (0..5000).map(line).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let offset = |n: usize| lines[..n].iter().map(|line| line.len() as u64 + 1).sum::<u64>();
        let mut original = Original::open(&path_to_uri(&path), BTreeSet::new()).unwrap();
        for n in [0, 3, 3, 4000, 4999] {
            assert_eq!(original.record(offset(n), &mark(n as u32)), Some(lines[n].as_bytes()), "{n}");
        }
        let hashes = original.finish(&|| true).unwrap();
        assert_eq!((hashes.sha256.len(), hashes.size), (64, std::fs::metadata(&path).unwrap().len()));

        let mut original = Original::open(&path_to_uri(&path), BTreeSet::new()).unwrap();
        assert_eq!(original.record(offset(1), &mark(2)), None);
        assert_eq!(original.record(offset(2) + 1, &mark(2)), None);
        assert_eq!(original.record(offset(3), &mark(3)), Some(lines[3].as_bytes()));
    }

    #[test]
    fn an_object_that_others_joined_on_its_line_later_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let (first, others) = (line(0), line(1) + &line(2));
        std::fs::write(&path, first.clone() + &others).unwrap();
        let mut original = Original::open(&path_to_uri(&path), BTreeSet::new()).unwrap();
        assert_eq!(original.record(0, &mark(1)), Some((first.clone() + &others).as_bytes()));
        assert_eq!(original.record(first.len() as u64, &mark(2)), Some(others.as_bytes()));
    }

    #[test]
    fn sources_that_cannot_be_had_say_why() {
        assert_eq!(Original::open("stdin:", BTreeSet::new()).err(), Some(Lost::Stdin));
        assert_eq!(Original::open("file:///no/such/file", BTreeSet::new()).err(), Some(Lost::Gone));
        assert!(matches!(Original::open("s3://bucket/key", BTreeSet::new()), Err(Lost::Unreadable(_))));
    }
}
