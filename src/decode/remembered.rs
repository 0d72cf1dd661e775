//! What a decoder remembers of the records before: the next one is most likely in the same containers.

use super::containers::CONTAINERS;
use super::fields::Fields;
use super::job::MAX_ENVELOPES;
use super::shape::Outline;

/// A container number for each of the envelopes, and for what stands in none.
pub(super) type ByDepth<T = usize> = [T; MAX_ENVELOPES as usize + 1];

/// What is remembered. What a decoder gives does not depend on it, but for the path.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered {
    /// The container that the last record was in, of as many envelopes.
    pub hints: ByDepth,
    pub asked: ByDepth<Asked>,
    /// The containers around the record that was handed out last, by their numbers, and how many they are.
    path: ByDepth,
    length: usize,
}

impl Remembered {
    /// The numbers of the containers around the record that was handed out last, the outermost first.
    pub(super) fn path(&self) -> &[usize] {
        &self.path[..self.length]
    }

    /// A record in as many envelopes is in this container.
    pub(super) fn enter(&mut self, envelopes: usize, container: usize) {
        self.path[envelopes] = container;
        self.length = envelopes + 1;
    }

    /// A record in as many envelopes is in no container, or in none yet.
    pub(super) fn leave(&mut self, envelopes: usize) {
        self.length = envelopes;
    }
}

/// Containers by a bit for each, from the first one on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recognising(u32);

const _: () = assert!(CONTAINERS.len() <= u32::BITS as usize);

impl Recognising {
    pub(super) fn has(self, container: usize) -> bool {
        self.0 >> container & 1 == 1
    }
}

impl FromIterator<bool> for Recognising {
    fn from_iter<I: IntoIterator<Item = bool>>(answers: I) -> Self {
        let bits = answers.into_iter().zip(0..u32::BITS).map(|(yes, container)| u32::from(yes) << container);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

/// Records that containers were asked about, the last one first: what they were told of it, and which of them said yes.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked(Vec<(Outline, Recognising)>);

impl Asked {
    /// Records of one container differ in which of their fields are null.
    const MOST: usize = 8;

    /// The containers that say yes to a record; they are asked where none like it was among the last.
    pub(super) fn recognising(
        &mut self,
        fields: &Fields<'_>,
        ask: impl FnOnce() -> Recognising,
    ) -> Recognising {
        let known = self.0.iter().position(|(outline, _)| outline.is_of(fields));
        let at = known.unwrap_or_else(|| {
            let mut outline =
                if self.0.len() < Self::MOST { None } else { self.0.pop() }.unwrap_or_default().0;
            outline.set(fields);
            self.0.push((outline, ask()));
            self.0.len() - 1
        });
        self.0[..=at].rotate_right(1);
        self.0[0].1
    }
}
