//! How an alert's count grew, as a line of small bars that needs no colour to be read.

use crate::detect::Alert;
use crate::report::text::{self, number};
use crate::report::time;

/// A bar's heights, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Three lines: a bar for each slice of the alert's time, a mark under the one in which the threshold was
/// reached, and what the drawing's length and height are. None where the alert keeps no counts.
pub fn lines(alert: &Alert, threshold: Option<i64>, columns: usize) -> Vec<String> {
    let highest = alert.counts.iter().copied().max().unwrap_or(0);
    if highest < 1 || columns == 0 {
        return Vec::new();
    }
    let scale = Scale::of(alert.counts.len(), columns);
    let bars = scale.bars(&alert.counts, highest);
    let mut lines = vec![bars.trim_end().to_owned()];
    let (first, last) = (time::micros(&alert.first_seen), time::micros(&alert.last_seen));
    let (Some(first), Some(last)) = (first, last) else { return lines };
    let span = last.saturating_sub(first);
    if let Some(crossed) = time::micros(&alert.crossed_at) {
        let slices = alert.counts.len() as i128;
        let slice = i128::from(crossed.saturating_sub(first)) * slices / (i128::from(span) + 1);
        let at = scale.column(usize::try_from(slice.clamp(0, slices - 1)).unwrap_or(0));
        lines.push(mark(at, &reached(threshold), columns));
    }
    let drawn = scale.column(alert.counts.len() - 1) + scale.repeat;
    let each = span / i64::try_from(drawn).unwrap_or(1).max(1);
    lines.push(format!("highest {}, a column is {}", number(highest), time::about(each)));
    lines
}

fn reached(threshold: Option<i64>) -> String {
    threshold.map_or_else(|| "threshold reached".to_owned(), |n| format!("{} reached", number(n)))
}

/// A mark at a column, with its words where there is room for them.
fn mark(at: usize, words: &str, columns: usize) -> String {
    let (before, length) = (" ".repeat(at), text::width(words));
    if at + 2 + length <= columns {
        format!("{before}▲ {words}")
    } else if length < at {
        format!("{}{words} ▲", " ".repeat(at - length - 1))
    } else {
        format!("{before}▲")
    }
}

/// How slices become columns: so many of them are one column, or one is so many.
struct Scale {
    merged: usize,
    repeat: usize,
}

impl Scale {
    fn of(slices: usize, columns: usize) -> Self {
        if slices <= columns {
            Self { merged: 1, repeat: columns / slices.max(1) }
        } else {
            Self { merged: slices.div_ceil(columns), repeat: 1 }
        }
    }

    fn column(&self, slice: usize) -> usize {
        slice / self.merged * self.repeat
    }

    /// Of merged slices the highest is shown; a slice without a read is as high as the one before it.
    fn bars(&self, counts: &[i64], highest: i64) -> String {
        let merged = counts.chunks(self.merged).map(|counts| counts.iter().copied().max().unwrap_or(0));
        let held = merged.scan(0, |height, count| {
            *height = if count > 0 { count } else { *height };
            Some(*height)
        });
        held.flat_map(|count| std::iter::repeat_n(bar(count, highest), self.repeat)).collect()
    }
}

/// The highest count has the tallest bar, and the lowest that is any has one.
fn bar(count: i64, highest: i64) -> char {
    if count < 1 {
        return ' ';
    }
    let tallest = BARS.len() as i128;
    let highest = i128::from(highest.max(1));
    let height = (i128::from(count) * tallest + highest - 1) / highest;
    usize::try_from(height.clamp(1, tallest)).map_or(' ', |height| BARS[height - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn alert(counts: &[i64], crossed_at: &str) -> Alert {
        Alert {
            counts: counts.to_vec(),
            first_seen: "2026-11-20T08:00:00.000000Z".into(),
            last_seen: "2026-11-20T08:08:00.000000Z".into(),
            crossed_at: crossed_at.into(),
            ..sample::alert("alice")
        }
    }

    #[test]
    fn draws_bars_a_mark_and_their_scale() {
        let counts = [1, 2, 4, 0, 6, 8, 15, 16];
        let alert = alert(&counts, "2026-11-20T08:06:30.000000Z");
        assert_eq!(
            lines(&alert, Some(15), 20),
            ["▁▁▁▁▂▂▂▂▃▃▄▄████", " 15 reached ▲", "highest 16, a column is 30 s"]
        );
        assert_eq!(
            lines(&alert, Some(15), 30),
            ["▁▁▁▁▁▁▂▂▂▂▂▂▃▃▃▄▄▄██████", "                  ▲ 15 reached", "highest 16, a column is 20 s"]
        );
        assert_eq!(lines(&alert, None, 4), ["▁▂▄█", "   ▲", "highest 16, a column is 2 min"]);
    }

    #[test]
    fn an_alert_of_one_instant_has_one_bar() {
        let mut alert = alert(&[16, 0, 0, 0], "2026-11-20T08:00:00.000000Z");
        alert.last_seen.clone_from(&alert.first_seen);
        assert_eq!(
            lines(&alert, Some(15), 20),
            ["████████████████████", "▲ 15 reached", "highest 16, a column is 0 s"]
        );
    }

    #[test]
    fn a_hunt_of_an_older_version_has_none() {
        assert!(lines(&alert(&[], "2026-11-20T08:00:00.000000Z"), Some(15), 80).is_empty());
    }
}
