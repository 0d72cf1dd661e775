//! The only integration test binary: DuckDB is linked once. One module per topic.

mod support;

// The HTML report in a real browser.
mod browser;

// The original records behind an alert.
mod evidence;
// What must never be in the source, whatever it does.
mod invariants;
// Completions and manual pages.
mod shell;
// What a user sees of each verb.
mod snapshots;
