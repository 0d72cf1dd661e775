//! Archives: each file in one is a source of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Sender;

use super::read::{Ended, HungUp, Item, Outcome, Read, Readers, Tail, hash_rest};
use super::work::Work;
use crate::causes::chain;
use crate::decode::{Archive, DecodeError, Limits, MAX_DEPTH, Member, Opened};
use crate::sources::Stored;

impl Readers<'_> {
    /// Reads the files in an archive. Where none of them is a log and none failed, they are not told
    /// of: then the archive is no log, as the parts of a document are none.
    pub(super) fn archive(
        &self,
        item: Item<'_>,
        mut archive: Archive,
        decompressed: &AtomicU64,
        work: &Sender<Work>,
        ended: &mut Vec<Ended>,
    ) -> Result<Outcome, HungUp> {
        if item.depth >= MAX_DEPTH {
            return Ok(Outcome::Failed(chain(&DecodeError::TooManyArchives(MAX_DEPTH))));
        }
        let before = ended.len();
        let mut problem = None;
        while problem.is_none() && !self.cancel.is_cancelled() {
            match archive.next_member() {
                Ok(Some(member)) => self.member(&item, member, work, ended)?,
                Ok(None) => break,
                Err(error) => problem = Some(chain(&error)),
            }
            item.meter.tell();
        }
        let mut stored = item.stored;
        let sha256 = hash_rest(&mut stored, &mut problem, self.cancel);
        item.meter.tell();
        let is_nothing = |member: &Ended| matches!(member.outcome, Outcome::NotALog | Outcome::Empty);
        if ended[before..].iter().all(is_nothing) {
            let nothing = ended.len() == before;
            ended.truncate(before);
            return Ok(match problem {
                Some(problem) => Outcome::Failed(problem),
                None if nothing => Outcome::Empty,
                None => Outcome::NotALog,
            });
        }
        let (size, head) = (stored.bytes(), stored.head());
        let decompressed = decompressed.load(Ordering::Relaxed);
        Ok(Outcome::Archive(Read { size, sha256, decompressed, problem, head, tail: Tail::default() }))
    }

    fn member(
        &self,
        archive: &Item<'_>,
        member: Member,
        work: &Sender<Work>,
        ended: &mut Vec<Ended>,
    ) -> Result<(), HungUp> {
        let number = self.members.fetch_add(1, Ordering::Relaxed);
        let source = archive.source.member(&member.name, member.turn);
        let outcome = match member.body {
            Ok(reader) => {
                let stored = Stored::new(reader);
                let body = Box::new(stored.clone());
                let opened = Opened::member(body, &member.within, Limits::default());
                let (meter, depth) = (archive.meter, archive.depth + 1);
                let item = Item { number, source: &source, start: None, stored, meter, depth };
                self.opened(item, opened, work, ended)?
            }
            Err(error) => Outcome::Failed(chain(&error)),
        };
        ended.push(Ended { number, source, start: None, outcome });
        Ok(())
    }
}
