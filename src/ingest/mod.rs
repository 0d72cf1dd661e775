//! Drives sources, decode and normalize over many files and threads into one commit of a lake.

pub mod ledger;
