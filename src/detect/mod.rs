//! Rules and the alerts they give: catalog, windows, identity, severity.

pub mod alert;

pub use alert::{Alert, HuntReport, HuntSummary, Severity};
