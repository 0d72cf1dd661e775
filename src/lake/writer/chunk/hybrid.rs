//! Parquet's hybrid of run lengths and bit packing, for levels and for positions in a dictionary.
//!
//! The parquet crate's own encoder is behind its feature `experimental`, which brings the crates of Variant along.
//!
//! <https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3>

/// Values that are packed together; a run may only begin where such a group ends.
const GROUP: usize = 8;

/// Bits that the largest of the values needs.
pub(super) fn width(largest: u32) -> u8 {
    (u32::BITS - largest.leading_zeros()) as u8
}

/// Appends the values, of `width` bits each.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut packed, mut at) = (0, 0);
    while let Some(&value) = values.get(at) {
        let run = values[at..].iter().take_while(|&&next| next == value).count();
        // What fills up the group goes with those before.
        let filling = (at - packed).next_multiple_of(GROUP) - (at - packed);
        if run >= filling + GROUP {
            groups(&values[packed..at + filling], width, out);
            repeat(value, run - filling, width, out);
            packed = at + run;
        }
        at += run;
    }
    groups(&values[packed..], width, out);
}

/// Appends a value that repeats.
fn repeat(value: u32, count: usize, width: u8, out: &mut Vec<u8>) {
    varint(count << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..usize::from(width.div_ceil(8))]);
}

/// Appends values that are packed; all but the last of a column's come in whole groups.
fn groups(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    varint(groups << 1 | 1, out);
    pack(values, width, groups * usize::from(width), out);
}

/// Appends values bit by bit, with zeros up to so many bytes.
pub(super) fn pack(values: &[u32], width: u8, bytes: usize, out: &mut Vec<u8>) {
    let end = out.len() + bytes;
    let (mut bits, mut held) = (0_u64, 0);
    for &value in values {
        bits |= u64::from(value) << held;
        held += width;
        if held >= 32 {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            held -= 32;
        }
    }
    let rest = end.saturating_sub(out.len()).min(size_of::<u64>());
    out.extend_from_slice(&bits.to_le_bytes()[..rest]);
    out.resize(end, 0);
}

pub(super) fn varint(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes by the format's description, a value at a time.
    fn decode(mut bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let (mut header, mut shift) = (0_usize, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let (value, rest) = bytes.split_at(usize::from(width.div_ceil(8)));
                bytes = rest;
                let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                values.extend(std::iter::repeat_n(value, header >> 1));
            } else {
                let (packed, rest) = bytes.split_at((header >> 1) * usize::from(width));
                bytes = rest;
                let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
                for value in 0..(header >> 1) * GROUP {
                    let at = value * usize::from(width);
                    values.push((0..usize::from(width)).fold(0, |sum, i| sum | bit(at + i) << i));
                }
            }
        }
        assert!(bytes.is_empty());
        values.truncate(count);
        values
    }

    proptest! {
        #[test]
        fn is_read_back(
            runs in prop::collection::vec((0..5_u32, 1..40_usize), 0..20), bits in 0_u32..30, noise in prop::collection::vec(any::<u32>(), 0..50),
        ) {
            let largest = ((1_u64 << bits) - 1) as u32;
            let mut values: Vec<u32> = runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value & largest, count)).collect();
            values.extend(noise.iter().map(|value| value & largest));
            let mut out = Vec::new();
            encode(&values, width(largest), &mut out);
            prop_assert_eq!(decode(&out, width(largest), values.len()), values);
        }
    }
}
