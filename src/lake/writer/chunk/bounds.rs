//! What statistics say of the smallest and the largest string: they, or short strings beyond them.

use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Bytes of a string in statistics; a longer one is cut to a bound.
const BOUND_BYTES: usize = 64;

/// The statistics of a chunk with these smallest and largest strings.
pub(super) fn statistics(strings: Option<(&str, &str)>, nulls: u64) -> Statistics {
    let bounds = strings.and_then(|(smallest, largest)| Some((lower(smallest), upper(largest)?)));
    let value = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    let statistics = match bounds {
        Some(((smallest, smallest_exact), (largest, largest_exact))) => {
            ValueStatistics::new(Some(value(smallest)), Some(value(&largest)), None, Some(nulls), false)
                .with_min_is_exact(smallest_exact)
                .with_max_is_exact(largest_exact)
        }
        None => ValueStatistics::new(None, None, None, Some(nulls), false),
    };
    Statistics::ByteArray(statistics)
}

/// The string, or the short one that it begins with; and whether it is the string.
pub(super) fn lower(text: &str) -> (&str, bool) {
    (&text[..text.floor_char_boundary(BOUND_BYTES)], text.len() <= BOUND_BYTES)
}

/// The string, or a short one that is larger, and whether it is the string; none where there is no such.
pub(super) fn upper(text: &str) -> Option<(String, bool)> {
    if text.len() <= BOUND_BYTES {
        return Some((text.to_owned(), true));
    }
    let head = &text[..text.floor_char_boundary(BOUND_BYTES)];
    // The last letter that has a next one in ASCII; all behind it is left out.
    let at = head.bytes().rposition(|byte| byte < 0x7e)?;
    Some((format!("{}{}", &head[..at], char::from(head.as_bytes()[at] + 1)), false))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bounds_are_short_and_lie_beyond(text in "[a~\u{7f}\u{e9}\u{10ffff}]{0,90}") {
            let (smaller, exact) = lower(&text);
            prop_assert!(smaller.len() <= BOUND_BYTES && smaller <= text.as_str());
            prop_assert_eq!(exact, smaller == text);
            if let Some((larger, exact)) = upper(&text) {
                prop_assert!(larger.len() <= BOUND_BYTES && larger >= text);
                prop_assert_eq!(exact, larger == text);
            }
        }
    }

    #[test]
    fn a_text_that_nothing_short_is_larger_than_has_no_bound() {
        assert_eq!(upper(&"~".repeat(65)), None);
        assert_eq!(upper(&"~".repeat(64)), Some(("~".repeat(64), true)));
        assert_eq!(upper(&format!("a{}", "\u{e9}".repeat(40))), Some(("b".to_owned(), false)));
    }
}
