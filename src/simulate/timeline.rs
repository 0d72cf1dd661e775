//! The order of a log: calls start as time goes on, and their records come out by stage time, as
//! an API server writes them. Only calls under way are held.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::background::Background;
use super::call::{Call, Stage, Stages};
use super::clock::DAY;
use super::plan::{Plan, latency};
use super::rng::Rng;
use super::template::Values;
use crate::cancel::Cancel;

/// A record of a call that is under way.
#[derive(Debug)]
struct Pending {
    call: u32,
    stage: Stage,
    values: Values,
}

/// Order: stage time, then the order in which the records were planned.
type Entry = Reverse<(i64, u64, Slot)>;

/// Takes no part in the order.
#[derive(Debug)]
struct Slot(Pending);

impl PartialEq for Slot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Slot {}
impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Slot {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

/// Plays the plan and the background over the plan's days.
pub struct Timeline<'a, F> {
    background: &'a Background,
    plan: &'a Plan,
    rng: Rng,
    under_way: BinaryHeap<Entry>,
    sequence: u64,
    emit: F,
}

impl<'a, F, E> Timeline<'a, F>
where
    F: FnMut(usize, Stage, &Values) -> Result<(), E>,
{
    /// `emit` gets every record in the log's order, with the call's index: first the
    /// background's calls, then the plan's.
    pub fn new(background: &'a Background, plan: &'a Plan, seed: u64, emit: F) -> Self {
        let rng = Rng::new(seed, "timeline");
        Self { background, plan, rng, under_way: BinaryHeap::new(), sequence: 0, emit }
    }

    /// Emits exactly `records` records, of which the plan's must be a part. Ends early, and
    /// quietly, when cancelled.
    pub fn play(mut self, records: u64, cancel: &Cancel) -> Result<(), E> {
        let background = self.background;
        let (start, span) = (self.plan.start, i64::from(self.plan.days) * DAY);
        let total = records.saturating_sub(self.plan.records());
        let mut planned = self.plan.planned.iter().peekable();
        let mut done = 0;
        while done < total && !cancel.is_cancelled() {
            // Each record has its share of the span; a call starts somewhere in its first record's share.
            let share = |done: u64| start + (span as i128 * i128::from(done) / i128::from(total)) as i64;
            let now = self.rng.between(share(done), (share(done + 1) - 1).max(share(done)));
            while let Some(next) = planned.next_if(|next| next.received <= now) {
                self.start_planned(next.call, next.received)?;
            }
            self.emit_until(now)?;
            let index = background.draw(&mut self.rng, total - done);
            let call = &background.calls[index];
            let (took, open) = self.duration(call, now, start + span, total - done);
            done += call.records(open);
            self.start(index, call, now, (!open).then_some(took));
        }
        for next in planned {
            self.start_planned(next.call, next.received)?;
        }
        self.emit_until(i64::MAX)
    }

    /// How long a call takes, and whether it is a watch that never completes: it outlives the
    /// log, or its connection broke, as one in eight does.
    fn duration(&mut self, call: &Call, now: i64, end: i64, budget: u64) -> (i64, bool) {
        let bits = self.rng.next();
        let took = latency(call, bits);
        let broke = bits >> 61 == 0;
        (took, call.stages == Stages::Watch && (broke || now + took >= end || budget < 3))
    }

    fn start_planned(&mut self, index: usize, received: i64) -> Result<(), E> {
        self.emit_until(received)?;
        let call = &self.plan.calls[index];
        let took = latency(call, self.rng.next());
        self.start(self.background.calls.len() + index, call, received, Some(took));
        Ok(())
    }

    fn start(&mut self, index: usize, call: &Call, received: i64, took: Option<i64>) {
        let audit_id = [self.rng.next(), self.rng.next()];
        let suffix = self.rng.next();
        if call.stages != Stages::Complete {
            self.push(index, Stage::RequestReceived, received, received, audit_id, suffix);
        }
        if call.stages == Stages::Watch {
            self.push(index, Stage::ResponseStarted, received, received + 400, audit_id, suffix);
        }
        if let Some(took) = took {
            self.push(index, Stage::ResponseComplete, received, received + took, audit_id, suffix);
        }
    }

    fn push(
        &mut self,
        call: usize,
        stage: Stage,
        received: i64,
        stage_time: i64,
        audit_id: [u64; 2],
        suffix: u64,
    ) {
        let values = Values { audit_id, received, stage_time, suffix, record_id: self.rng.next() };
        self.sequence += 1;
        let pending = Pending { call: call as u32, stage, values };
        self.under_way.push(Reverse((stage_time, self.sequence, Slot(pending))));
    }

    fn emit_until(&mut self, now: i64) -> Result<(), E> {
        while self.under_way.peek().is_some_and(|Reverse((time, ..))| *time < now) {
            if let Some(Reverse((_, _, Slot(pending)))) = self.under_way.pop() {
                (self.emit)(pending.call as usize, pending.stage, &pending.values)?;
            }
        }
        Ok(())
    }
}
