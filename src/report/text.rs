//! Words, numbers and line breaks as people read them.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Breaks a text into lines of at most `columns`, at spaces where there are any, else between
/// graphemes. Every line but the first is indented by `hang`. Nothing but the space at a break
/// is left out, and there is always at least one line.
pub fn wrap(text: &str, columns: usize, hang: usize) -> Vec<String> {
    let hang = if hang + 8 < columns { hang } else { 0 };
    let mut lines = Lines { done: Vec::new(), line: String::new(), used: 0, columns, hang };
    for word in text.split_inclusive(' ') {
        lines.push_word(word);
    }
    lines.finish()
}

struct Lines {
    done: Vec<String>,
    line: String,
    used: usize,
    columns: usize,
    hang: usize,
}

impl Lines {
    fn push_word(&mut self, word: &str) {
        let bare = word.strip_suffix(' ').unwrap_or(word);
        let needed = width(bare);
        if self.used + needed > self.columns && !self.is_at_start() {
            self.next_line();
        }
        if self.used + needed > self.columns {
            bare.graphemes(true).for_each(|grapheme| self.push(grapheme));
        } else {
            self.line.push_str(bare);
            self.used += needed;
        }
        if word.len() > bare.len() && self.used < self.columns {
            self.push(" ");
        }
    }

    fn push(&mut self, grapheme: &str) {
        let needed = width(grapheme);
        if self.used + needed > self.columns && !self.is_at_start() {
            self.next_line();
        }
        self.line.push_str(grapheme);
        self.used += needed;
    }

    fn is_at_start(&self) -> bool {
        self.used <= if self.done.is_empty() { 0 } else { self.hang }
    }

    fn next_line(&mut self) {
        let line = std::mem::replace(&mut self.line, " ".repeat(self.hang));
        self.done.push(line.trim_end().to_owned());
        self.used = self.hang;
    }

    fn finish(mut self) -> Vec<String> {
        self.done.push(self.line.trim_end().to_owned());
        self.done
    }
}

/// `1234567` as `1,234,567`.
pub fn number(n: impl Into<i128>) -> String {
    let n = n.into();
    let digits = n.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 2);
    if n < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: `1 alert`, `2 alerts`.
pub fn count(n: impl Into<i128>, one: &str, many: &str) -> String {
    let n = n.into();
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// Bytes in the largest binary unit that leaves at least one: `1.5 GiB`.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = "B";
    for larger in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

/// An RFC 3339 time to the second, for columns: `2026-11-22 10:11:12`.
pub fn to_the_second(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..19)) {
        (Some(date), Some("T"), Some(clock)) => format!("{date} {clock}"),
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::escape;

    #[test]
    fn breaks_at_spaces_then_anywhere() {
        assert_eq!(wrap("alpha beta gamma", 11, 0), ["alpha beta", "gamma"]);
        assert_eq!(wrap("abcdefghijklmnop", 12, 2), ["abcdefghijkl", "  mnop"]);
        assert_eq!(wrap("", 10, 0), [""]);
        assert_eq!(wrap("漢字漢字", 4, 0), ["漢字", "漢字"]);
    }

    #[test]
    fn groups_digits() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(count(1, "alert", "alerts"), "1 alert");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(1 << 30), "1.0 GiB");
    }

    #[test]
    fn cuts_times_to_the_second() {
        assert_eq!(to_the_second("2026-11-22T10:11:12.000001Z"), "2026-11-22 10:11:12");
        assert_eq!(to_the_second("unknown"), "unknown");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_and_nothing_is_lost(text in any::<String>(), columns in 12usize..60, hang in 0usize..4) {
            let text = escape::terminal(&text).into_owned();
            let lines = wrap(&text, columns, hang);
            for line in &lines {
                prop_assert!(width(line) <= columns, "{line:?}");
            }
            let visible = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&lines.concat()), visible(&text));
        }
    }
}
