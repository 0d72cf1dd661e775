//! SplitMix64: the same numbers for the same seed on every machine and with every version of
//! every dependency, which a library's generator does not promise.

/// A small random generator; see Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators" (2014), for the constants.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator of its own for each `purpose`, so that drawing more in one place changes nothing elsewhere.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let named = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut rng = Self(seed ^ named);
        rng.next();
        rng
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 for `n` = 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number in `low..=high`.
    #[inline]
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// An index into a slice of `len` elements.
    #[inline]
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }

    /// A random UUID, version 4.
    pub fn uuid(&mut self) -> String {
        let mut text = [0; 36];
        write_uuid(&mut text, [self.next(), self.next()]);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// `len` hexadecimal digits, 16 at most.
    pub fn hex(&mut self, len: usize) -> String {
        format!("{:016x}", self.next())[..len.min(16)].to_owned()
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes 16 hexadecimal digits.
#[inline]
pub fn write_hex(to: &mut [u8], value: u64) {
    for (i, digit) in to.iter_mut().take(16).enumerate() {
        *digit = HEX[(value >> (60 - 4 * i) & 15) as usize];
    }
}

/// Writes the 36 characters of a UUID, with the version 4 and variant bits set.
#[inline]
pub fn write_uuid(to: &mut [u8], bits: [u64; 2]) {
    let mut digits = [0; 32];
    write_hex(&mut digits[..16], bits[0] & !0xf000 | 0x4000);
    write_hex(&mut digits[16..], bits[1] & (u64::MAX >> 2) | 1 << 63);
    to[..8].copy_from_slice(&digits[..8]);
    to[8] = b'-';
    to[9..13].copy_from_slice(&digits[8..12]);
    to[13] = b'-';
    to[14..18].copy_from_slice(&digits[12..16]);
    to[18] = b'-';
    to[19..23].copy_from_slice(&digits[16..20]);
    to[23] = b'-';
    to[24..36].copy_from_slice(&digits[20..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_shape() {
        let id = Rng::new(1, "test").uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        assert!(id.split('-').map(str::len).eq([8, 4, 4, 4, 12]));
    }

    #[test]
    fn numbers_stay_in_their_range_and_purposes_differ() {
        let mut rng = Rng::new(7, "a");
        assert!((0..1000).all(|_| (3..=9).contains(&rng.between(3, 9))));
        assert_ne!(Rng::new(7, "a").next(), Rng::new(7, "b").next());
    }
}
