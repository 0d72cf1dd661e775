//! One file per verb; no logic. The only module that writes to the terminal.
pub mod simulate;
