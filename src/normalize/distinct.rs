//! Strings, each held once and known by a number.

use std::hash::{BuildHasher, Hasher};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Bytes of a stretch of text. Text that grew as one string was copied, and memory cleared for it, once more than it is
/// long.
const STRETCH: usize = 1 << 20;

/// Distinct strings, numbered from 1 in the order in which they came; 0 stands for null.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distinct {
    texts: Stretches,
    /// Of each string.
    places: Vec<Place>,
    /// Numbers, with the hashes that growing would otherwise compute again.
    table: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
}

impl Distinct {
    #[inline]
    fn hash(&self, value: &str) -> u64 {
        let mut hash = self.hasher.build_hasher();
        hash.write(value.as_bytes());
        hash.finish()
    }

    /// The string's number, where it is here.
    #[inline]
    pub(crate) fn find(&self, value: &str) -> Option<u32> {
        let hash = self.hash(value);
        let same = |&(known, number): &(u64, u32)| known == hash && self.is(number, value);
        self.table.find(hash, same).map(|&(_, number)| number)
    }

    /// The string's number, which it gets here unless it has one.
    #[inline]
    pub(crate) fn number(&mut self, value: &str) -> u32 {
        let hash = self.hash(value);
        let Self { texts, places, table, .. } = self;
        let same =
            |&(known, number): &(u64, u32)| known == hash && texts.is(places[number as usize - 1], value);
        match table.entry(hash, same, |&(hash, _)| hash) {
            Entry::Occupied(entry) => entry.get().1,
            Entry::Vacant(entry) => {
                places.push(texts.push(value));
                let number = places.len() as u32;
                entry.insert((hash, number));
                number
            }
        }
    }

    /// A number for a string of which another one may be here already, without looking.
    #[inline]
    pub(crate) fn push(&mut self, value: &str) -> u32 {
        self.places.push(self.texts.push(value));
        self.places.len() as u32
    }

    /// Forgets the strings and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.places.clear();
        self.table.clear();
    }

    /// The string of a number from [`number`](Self::number).
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &str {
        self.texts.get(self.places[number as usize - 1])
    }

    /// The length of the string of a number, in bytes.
    #[inline]
    pub(crate) fn length(&self, number: u32) -> u32 {
        self.places[number as usize - 1].length
    }

    /// Whether a number is that of this string.
    #[inline]
    pub(crate) fn is(&self, number: u32, value: &str) -> bool {
        self.texts.is(self.places[number as usize - 1], value)
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
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
        self.texts.bytes + self.places.len() * size_of::<Place>() + self.table.len() * size_of::<(u64, u32)>()
    }
}

/// Where a string stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    stretch: u32,
    start: u32,
    length: u32,
}

/// Text in stretches: it grows without being copied.
#[derive(Debug, Clone, Default)]
struct Stretches {
    stretches: Vec<String>,
    /// The one that is filled; those behind it are empty.
    at: usize,
    bytes: usize,
}

impl Stretches {
    #[inline]
    fn push(&mut self, value: &str) -> Place {
        let stretch = match self.stretches.get_mut(self.at) {
            Some(stretch) if stretch.len() + value.len() <= STRETCH => stretch,
            _ => self.next(value.len()),
        };
        let (start, length) = (stretch.len() as u32, value.len() as u32);
        stretch.push_str(value);
        self.bytes += value.len();
        Place { stretch: self.at as u32, start, length }
    }

    /// The next stretch, with room for so many bytes. The first one of all grows by itself, as most columns hold little.
    #[cold]
    fn next(&mut self, length: usize) -> &mut String {
        self.at += usize::from(self.at < self.stretches.len());
        if self.at == self.stretches.len() {
            self.stretches.push(String::new());
        }
        let stretch = &mut self.stretches[self.at];
        if self.at > 0 {
            stretch.reserve_exact(length.max(STRETCH));
        }
        stretch
    }

    #[inline]
    fn get(&self, place: Place) -> &str {
        let start = place.start as usize;
        &self.stretches[place.stretch as usize][start..start + place.length as usize]
    }

    /// Whether this string stands there; its letters need no look where its length differs.
    #[inline]
    fn is(&self, place: Place, value: &str) -> bool {
        let stretch = self.stretches[place.stretch as usize].as_bytes();
        let start = place.start as usize;
        place.length as usize == value.len() && stretch[start..start + value.len()] == *value.as_bytes()
    }

    /// Forgets the text and keeps the memory, but for that of strings longer than a stretch.
    fn clear(&mut self) {
        self.stretches.retain(|stretch| stretch.capacity() <= 2 * STRETCH);
        self.stretches.iter_mut().for_each(String::clear);
        (self.at, self.bytes) = (0, 0);
    }
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

    #[test]
    fn text_grows_over_stretches_of_any_length() {
        let long = |letter: &str, length: usize| letter.repeat(length);
        let strings = [
            long("a", STRETCH + 1),
            String::new(),
            long("b", STRETCH),
            long("c", STRETCH - 1),
            long("d", 1),
            long("e", 3 * STRETCH),
            long("f", 2),
        ];
        let mut distinct = Distinct::default();
        for round in 0..3 {
            let numbers: Vec<u32> = strings.iter().map(|string| distinct.number(string)).collect();
            let again: Vec<u32> = strings.iter().map(|string| distinct.push(string)).collect();
            for (string, (number, again)) in strings.iter().zip(numbers.iter().zip(&again)) {
                assert!(distinct.get(*number) == string && distinct.get(*again) == string, "round {round}");
            }
            assert_eq!((numbers, again), ((1..8).collect(), (8..15).collect()));
            assert!(distinct.bytes() > 12 * STRETCH);
            distinct.clear();
            assert_eq!((distinct.len(), distinct.bytes()), (0, 0));
        }
    }
}
