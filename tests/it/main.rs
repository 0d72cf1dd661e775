//! The only integration test binary: DuckDB is linked once. One module per topic.

mod support;

// Bad input is normal: what it costs, and what is said of it.
mod bad_input;
// Killed, limited and crowded: the lake comes out the same.
mod crash;
// What must never be in the source, whatever it does.
mod invariants;
// The lake as a user and as another engine sees it.
mod lake;
