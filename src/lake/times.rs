//! The times of many rows in little memory: equal rows have one time, so that most of a lake's rows are known by theirs
//! to be equal to none of them.

use std::sync::Arc;

use parquet::bloom_filter::Sbbf;

/// Of how many times about one in a hundred others is taken for one of them, and of more of them more: they take 8 MiB.
const MOST: u64 = 6_000_000;

/// Bits for each of them.
const BITS: u64 = 10;

/// A set of times that says yes to each of its own, and now and then to another one.
#[derive(Debug, Clone)]
pub struct Times(Arc<Sbbf>);

impl Times {
    pub(super) fn may_have(&self, time: i64) -> bool {
        self.0.check(&time)
    }
}

/// A set that times are added to.
pub(super) struct TimesBuilder(Sbbf);

impl TimesBuilder {
    /// For so many times.
    pub(super) fn new(count: u64) -> Self {
        Self(Sbbf::new_with_num_of_bytes((count.clamp(1, MOST) * BITS / 8) as usize))
    }

    pub(super) fn add(&mut self, time: i64) {
        self.0.insert(&time);
    }

    pub(super) fn finish(self) -> Times {
        Times(Arc::new(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_all_of_its_own_and_few_others() {
        let mut times = TimesBuilder::new(100_000);
        (0..100_000).for_each(|time| times.add(time * 1_000));
        let times = times.finish();
        assert!((0..100_000).all(|time| times.may_have(time * 1_000)));
        let others = (0..100_000).filter(|time| times.may_have(time * 1_000 + 1)).count();
        assert!(others < 2_000, "{others}");
    }
}
