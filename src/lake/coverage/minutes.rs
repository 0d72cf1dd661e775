//! The minutes of a day that have a record, as bits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub const MINUTES_PER_DAY: usize = 1_440;

const BYTES: usize = MINUTES_PER_DAY / 8;

/// A bit for each minute of a day; in JSON base64 of 180 bytes, the first minute the lowest bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minutes([u8; BYTES]);

impl Default for Minutes {
    fn default() -> Self {
        Self([0; BYTES])
    }
}

impl Minutes {
    /// Minutes count from 0; those of no day are passed over.
    pub fn set(&mut self, minute: usize) {
        if let Some(byte) = self.0.get_mut(minute / 8) {
            *byte |= 1 << (minute % 8);
        }
    }

    pub fn unite(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(byte, other)| *byte |= other);
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// The minutes that are set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..MINUTES_PER_DAY).filter(|minute| self.0[minute / 8] & (1 << (minute % 8)) != 0)
    }
}

impl Serialize for Minutes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        let bytes = bytes.try_into().map_err(|_| D::Error::custom("minutes are 180 bytes"))?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_read_back_as_they_were_written() {
        let mut minutes = Minutes::default();
        [0, 7, 8, 1_439, 1_440].into_iter().for_each(|minute| minutes.set(minute));
        assert_eq!(minutes.iter().collect::<Vec<_>>(), [0, 7, 8, 1_439]);
        let text = serde_json::to_string(&minutes).unwrap();
        assert_eq!(serde_json::from_str::<Minutes>(&text).unwrap(), minutes);
        assert!(serde_json::from_str::<Minutes>("\"AAAA\"").is_err());
        let mut all = Minutes::default();
        all.set(3);
        all.unite(&minutes);
        assert_eq!(all.count(), 5);
    }
}
