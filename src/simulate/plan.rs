//! Calls that are made at a set time: the attacks and their look-alikes. They depend on the seed
//! and the days alone, so that every format and every number of records holds the same ones.

use std::collections::BTreeSet;

use super::call::{Call, Level};
use super::clock::{DAY, rfc3339};
use super::rng::Rng;
use super::truth::{Attack, Expected, Truth};

/// One making of a call.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// When the API server receives it.
    pub received: i64,
    /// Index into the calls.
    pub call: usize,
}

/// The planned calls and the truth about them.
#[derive(Debug)]
pub struct Plan {
    pub calls: Vec<Call>,
    pub planned: Vec<Planned>,
    pub truth: Truth,
    /// Midnight of the first day, microseconds since 1970-01-01T00:00Z.
    pub start: i64,
    pub days: u32,
}

impl Plan {
    pub fn new(start: i64, days: u32) -> Self {
        Self { calls: Vec::new(), planned: Vec::new(), truth: Truth::default(), start, days }
    }

    /// Midnight of a day drawn at random.
    pub fn some_day(&self, rng: &mut Rng) -> i64 {
        self.start + rng.below(u64::from(self.days)) as i64 * DAY
    }

    /// Makes `call` at `received`.
    pub fn make(&mut self, received: i64, call: Call) {
        self.planned.push(Planned { received, call: self.calls.len() });
        self.calls.push(call);
    }

    /// Plans reads of secrets by one user as an attack of a kind.
    pub fn attack(&mut self, kind: &str, expected: Expected, reads: Vec<(i64, Call)>) {
        let Some((first, call)) = reads.first() else { return };
        let last = reads.last().map_or(*first, |(time, _)| *time);
        let distinct: BTreeSet<_> = reads.iter().filter_map(|(_, call)| secret_key(call)).collect();
        self.truth.add(Attack {
            username: call.actor.username.clone(),
            kind: kind.to_owned(),
            first: rfc3339(*first),
            last: rfc3339(last),
            distinct_secrets: distinct.len(),
            expected,
        });
        for (time, call) in reads {
            self.make(time, call);
        }
    }

    /// Plans calls of a user on whom no hunt may alert.
    pub fn look_alike(&mut self, calls: Vec<(i64, Call)>) {
        for (time, call) in calls {
            self.truth.quiet.push(call.actor.username.clone());
            self.make(time, call);
        }
    }

    /// Puts everything into its order.
    pub fn finish(mut self) -> Self {
        self.truth.sort();
        self.planned.sort_by_key(|planned| (planned.received, planned.call));
        self
    }

    /// The records that an API server writes of the plan.
    pub fn records(&self) -> u64 {
        self.planned.iter().map(|planned| self.calls[planned.call].records(false)).sum()
    }
}

/// The rule's qualified key of a read inside one cluster, or None where the call counts for nothing.
pub fn secret_key(call: &Call) -> Option<(&'static str, Option<String>, Option<String>)> {
    let target = call.target.as_ref()?;
    let is_read = matches!(call.verb, "get" | "list" | "watch");
    if !is_read || target.resource != "secrets" || !target.group.is_empty() || target.subresource.is_some() {
        return None;
    }
    match (&target.name, call.verb) {
        (Some(name), _) => Some(("", target.namespace.clone(), Some(name.clone()))),
        (None, "get") => None,
        (None, verb) => Some((verb, target.namespace.clone(), None)),
    }
}

/// `count` times from `from` on, `gap` microseconds apart, each moved by less than `jitter`.
pub fn spaced(rng: &mut Rng, from: i64, count: usize, gap: i64, jitter: i64) -> Vec<i64> {
    (0..count as i64).map(|i| from + i * gap + rng.between(0, jitter - 1)).collect()
}

/// How long a call takes, in microseconds, from its random bits.
pub fn latency(call: &Call, bits: u64) -> i64 {
    let spread = |low: u64, high: u64| (low + bits % (high - low)) as i64;
    match (call.verb, call.level) {
        ("watch", _) => spread(300_000_000, 600_000_000),
        ("list", _) => spread(1_500, 140_000),
        (_, Level::RequestResponse) => spread(4_000, 60_000),
        ("get", _) => spread(350, 6_000),
        _ => spread(2_000, 18_000),
    }
}
