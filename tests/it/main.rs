//! The only integration test binary: DuckDB is linked once. One module per topic.

mod support;

// Bad input is normal: what it costs, and what is said of it.
mod bad_input;
// The HTML report in a real browser.
mod browser;
// Real log files, with their counts.
mod corpus;
// Killed, limited and crowded: the lake comes out the same.
mod crash;
// Full, read-only and broken disks; hostile folders and files.
mod disk;
// The original records behind an alert.
mod evidence;
// What a log says never reaches a terminal or a spreadsheet as it is.
mod hostile_output;
// Every container: one log in all of them, cut records, and cases as files.
mod containers;
// From raw logs to the right users alerted on.
mod hunting;
// What must never be in the source, whatever it does.
mod invariants;
// The lake as a user and as another engine sees it.
mod lake;
// Rules of a user's own, and what a rule cannot see.
mod own_rules;
// The report of the sample logs in every format.
mod reports;
// The same logs give the same answer.
mod same_answer;
// Alerts of several users.
mod several_users;
// Completions and manual pages.
mod shell;
// What a user sees of each verb.
mod snapshots;
// From a noisy hunt to a quiet one.
mod tuning;
