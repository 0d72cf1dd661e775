//! The decoding of one frame: each record in it is handed to its container, and what comes of it to the sink.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::ControlFlow;

use super::containers::{CONTAINERS, EXACT};
use super::cut;
use super::reasons::{cut_reason, not_audit};
use super::record::Record;
use super::remembered::{Recognising, Remembered};
use super::surrogates;
use super::wire::Failure;
use super::{AuditEvent, DecodeOptions, Decoded, Limits, Reject, RejectCode};

/// Envelopes inside envelopes that are followed.
pub(super) const MAX_ENVELOPES: u8 = 4;

/// Takes what is decoded; breaks off when that is enough.
pub(super) type Sink<'s> = dyn FnMut(Decoded<'_>) -> ControlFlow<()> + 's;

/// The bytes that a text was made of which is not what they say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original<'o> {
    pub bytes: &'o [u8],
    /// The length of the text.
    pub of: usize,
}

/// The decoding of one frame, as containers see it.
pub(super) struct Job<'j> {
    pub options: &'j DecodeOptions,
    remembered: &'j mut Remembered,
    sink: &'j mut Sink<'j>,
    /// Nothing more is wanted. Containers with many records leave the others alone, which would be for nothing.
    pub is_over: bool,
    /// The text was put together of pieces.
    pub is_spliced: bool,
    envelopes: u8,
    /// The frame's bytes, where its text is not the same.
    original: Option<Original<'j>>,
    /// While a cut text is decoded: the outcomes that are still to come from it.
    left: Option<u64>,
    /// How much may still be unpacked from base64, at any depth: an envelope in an envelope would multiply it.
    room: &'j Cell<usize>,
}

impl<'j> Job<'j> {
    /// A job that has begun with nothing. `room` is how much may be unpacked from base64.
    pub(super) fn new(
        options: &'j DecodeOptions,
        remembered: &'j mut Remembered,
        sink: &'j mut Sink<'j>,
        original: Option<Original<'j>>,
        room: &'j Cell<usize>,
    ) -> Self {
        let (is_over, is_spliced) = (false, false);
        Self { options, remembered, sink, is_over, is_spliced, envelopes: 0, original, left: None, room }
    }
}

impl Job<'_> {
    /// Hands out an event.
    pub(super) fn event(&mut self, event: &AuditEvent<'_>) {
        let mut event = Cow::Borrowed(event);
        if self.is_cut() && !event.salvaged {
            let event = event.to_mut();
            (event.truncated, event.salvaged) = (true, true);
        }
        // A piece in the middle leaves no mark where it is lost, and around such a gap a part of a secret's value stands
        // behind any key.
        if self.is_spliced && event.salvaged {
            let event = event.to_mut();
            (event.request_object, event.response_object) = (None, None);
        }
        self.give(Decoded::Event(&event));
    }

    /// Whether the record that is being decoded is the one that the text was cut in: its last one.
    pub(super) fn is_cut(&self) -> bool {
        self.left == Some(1)
    }

    fn give(&mut self, decoded: Decoded<'_>) {
        self.left = self.left.map(|left| left.saturating_sub(1));
        if !self.is_over {
            self.is_over = (self.sink)(decoded).is_break();
        }
    }

    /// Hands out a record that is no Kubernetes audit record, by its kind.
    pub(super) fn other(&mut self, kind: &str) {
        self.give(Decoded::Other(Cow::Borrowed(kind)));
    }

    /// Hands out what could not be decoded. A container that could not make anything of a part of its
    /// record passes [`Failure::NotMine`] here: to the outside it is no audit record then.
    pub(super) fn reject(&mut self, failure: Failure, record: &str) {
        let reason = match failure {
            Failure::Reject(reason) => reason,
            Failure::NotMine => not_audit(record),
        };
        let reason = if self.is_cut() { cut_reason(reason) } else { reason };
        let original = self.original.filter(|original| self.is_cut() || record.len() == original.of);
        let bytes = original.map_or(record.as_bytes(), |original| original.bytes);
        self.give(Decoded::Reject(Reject { reason, bytes }));
    }

    /// How long a text may be that is unpacked next.
    pub(super) fn room(&self) -> usize {
        self.room.get().min(Limits::default().frame)
    }

    /// Counts bytes that were unpacked.
    pub(super) fn unpacked(&self, bytes: usize) {
        self.room.update(|room| room.saturating_sub(bytes));
    }

    /// Decodes the records of an envelope, each in whatever container it is in.
    pub(super) fn envelope<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) {
        self.envelopes += 1;
        for record in records {
            self.record(record);
        }
        self.envelopes -= 1;
    }

    /// Decodes a record, or those that are joined in its text.
    pub(super) fn record(&mut self, record: Record<'_>) {
        let mut left = record;
        while !left.text.is_empty() && !self.is_over {
            if self.envelopes > MAX_ENVELOPES {
                let detail = format!("more than {MAX_ENVELOPES} envelopes around it");
                return self.reject(Failure::new(RejectCode::TooDeep, detail), left.text);
            }
            let hint = self.remembered.hints[usize::from(self.envelopes)];
            if hint < EXACT {
                self.enter(hint);
                if (CONTAINERS[hint].decode)(self, &left).is_ok() {
                    return;
                }
            }
            if left.is_read() {
                return self.recognise(left);
            }
            let (first, others) = Record::first_of(left.text);
            self.recognise(first);
            left = Record::unread(others);
        }
    }

    fn recognise(&mut self, mut record: Record<'_>) {
        if let Err(failure) = record.read() {
            return self.broken(failure, record.text);
        }
        let recognising = self.recognising(&record);
        for (index, container) in CONTAINERS.iter().enumerate() {
            if recognising.has(index) {
                self.enter(index);
                match (container.decode)(self, &record) {
                    Err(Failure::NotMine) => {}
                    outcome => {
                        self.remembered.hints[usize::from(self.envelopes)] = index;
                        if let Err(failure) = outcome {
                            self.refused(failure, record.text);
                        }
                        return;
                    }
                }
            }
        }
        self.remembered.leave(usize::from(self.envelopes));
        self.refused(Failure::NotMine, record.text);
    }

    /// Rejects a record, unless all that was wrong with it can be mended.
    pub(super) fn refused(&mut self, failure: Failure, record: &str) {
        match surrogates::mended(record) {
            Some(mended) => self.record(Record::unread(&mended)),
            None => self.reject(failure, record),
        }
    }

    /// The containers that take a record for their own. What they are told of it is mostly what they were told of one
    /// shortly before.
    fn recognising(&mut self, record: &Record<'_>) -> Recognising {
        let ask = || {
            let shape = record.shape();
            CONTAINERS.iter().map(|container| (container.recognises)(&shape)).collect()
        };
        let Ok(fields) = record.fields() else { return ask() };
        self.remembered.asked[usize::from(self.envelopes)].recognising(fields, ask)
    }

    fn enter(&mut self, container: usize) {
        self.remembered.enter(usize::from(self.envelopes), container);
    }
}

impl Job<'_> {
    /// Decodes what is left of a record that was cut, and rejects one that is broken in another way.
    ///
    /// Of several records in it, the last one is that which the cut goes through, so they are counted first.
    fn broken(&mut self, failure: Failure, record: &str) {
        if !failure.is_cut() && self.left.is_none() {
            let parts = cut::parts(record);
            if parts.len() > 1 {
                return parts.into_iter().for_each(|part| self.record(Record::unread(part)));
            }
        }
        let closed = if failure.is_cut() && self.left.is_none() { cut::close(record) } else { None };
        let Some(closed) = closed else { return self.reject(failure, record) };
        let mut outcomes = 0;
        let mut count = |_: Decoded<'_>| {
            outcomes += 1;
            ControlFlow::Continue(())
        };
        let bytes = self.original.map_or(record.as_bytes(), |original| original.bytes);
        let original = Some(Original { bytes, of: closed.len() });
        let (options, envelopes, is_over, is_spliced) =
            (self.options, self.envelopes, false, self.is_spliced);
        let (left, room) = (Some(u64::MAX), &self.room.clone());
        let remembered = &mut *self.remembered;
        Job { options, remembered, sink: &mut count, is_over, is_spliced, envelopes, original, left, room }
            .record(Record::unread(&closed));
        if outcomes == 0 {
            return self.reject(failure, record);
        }
        let (left, room) = (Some(outcomes), self.room);
        let remembered = &mut *self.remembered;
        let mut job = Job {
            options,
            remembered,
            sink: self.sink,
            is_over,
            is_spliced,
            envelopes,
            original,
            left,
            room,
        };
        job.record(Record::unread(&closed));
        self.is_over = job.is_over;
    }
}
