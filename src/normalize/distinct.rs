//! Strings, each held once and known by a number.

use std::hash::{BuildHasher, Hasher};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct strings, numbered from 1 in the order in which they came; 0 stands for null.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distinct {
    text: String,
    /// Of each string, in `text`.
    ends: Vec<usize>,
    /// Numbers, with the hashes that growing would otherwise compute again.
    table: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
}

impl Distinct {
    /// The string's number, which it gets here unless it has one.
    #[inline]
    pub(crate) fn number(&mut self, value: &str) -> u32 {
        let Self { text, ends, table, hasher } = self;
        let mut hash = hasher.build_hasher();
        hash.write(value.as_bytes());
        let hash = hash.finish();
        let same = |&(known, number): &(u64, u32)| known == hash && get(text, ends, number) == value;
        match table.entry(hash, same, |&(hash, _)| hash) {
            Entry::Occupied(entry) => entry.get().1,
            Entry::Vacant(entry) => {
                text.push_str(value);
                ends.push(text.len());
                let number = ends.len() as u32;
                entry.insert((hash, number));
                number
            }
        }
    }

    /// A number for a string of which another one may be here already, without looking.
    #[inline]
    pub(crate) fn push(&mut self, value: &str) -> u32 {
        self.text.push_str(value);
        self.ends.push(self.text.len());
        self.ends.len() as u32
    }

    /// Forgets the strings and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.table.clear();
    }

    /// The string of a number from [`number`](Self::number).
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &str {
        get(&self.text, &self.ends, number)
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Each string's rank, from 1 in byte order, at its number's place; 0 for null.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (1..=self.len() as u32).collect();
        numbers.sort_unstable_by(|&a, &b| self.get(a).cmp(self.get(b)));
        let mut ranks = vec![0; self.len() + 1];
        for (rank, number) in (1..).zip(numbers) {
            ranks[number as usize] = rank;
        }
        ranks
    }

    /// Bytes held by the strings.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<usize>() + self.table.len() * size_of::<(u64, u32)>()
    }
}

#[inline]
fn get<'t>(text: &'t str, ends: &[usize], number: u32) -> &'t str {
    let at = number as usize - 1;
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[at]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_name_strings_and_ranks_order_them(strings in prop::collection::vec("[ab\u{e9}]{0,3}", 0..40)) {
            let mut distinct = Distinct::default();
            let numbers: Vec<u32> = strings.iter().map(|string| distinct.number(string)).collect();
            let ranks = distinct.ranks();
            for (a, x) in strings.iter().zip(&numbers) {
                prop_assert_eq!(distinct.get(*x), a);
                for (b, y) in strings.iter().zip(&numbers) {
                    prop_assert_eq!(a.cmp(b), ranks[*x as usize].cmp(&ranks[*y as usize]));
                    prop_assert_eq!(a == b, x == y);
                }
            }
        }
    }
}
