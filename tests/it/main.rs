//! The only integration test binary: DuckDB is linked once. One module per topic.

mod support;

// The HTML report in a real browser.
mod browser;

// What must never be in the source, whatever it does.
mod invariants;
