//! What verbs that show tables share: the terminal's width and colours, and spans of time.

use std::path::Path;
use std::time::Duration;

use super::{Session, times};
use crate::report::View;

/// How a table may look on standard output, or in the file that takes its place.
pub fn view(file: Option<&Path>, wide: bool, session: &Session) -> View {
    if file.is_some() {
        return View { width: View::WIDTH_OF_FILES, color: false, wide, ..View::default() };
    }
    let color = session.color.on(&std::io::stdout());
    View { width: terminal_width().unwrap_or(View::WIDTH_OF_FILES), color, wide, ..View::default() }
}

/// Of the terminal that shows the output, also through a pager.
fn terminal_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}

/// A span such as `10m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    times::span(text).map(|microseconds| Duration::from_micros(microseconds.unsigned_abs()))
}
