//! Rules and the alerts they give: catalog, windows, identity, severity.

pub mod alert;
pub mod allow;
pub mod catalog;
pub mod coverage;
pub mod diff;
#[cfg(feature = "engine")]
mod error;
#[cfg(feature = "engine")]
mod group;
#[cfg(feature = "engine")]
mod hunt;
mod parameters;
#[cfg(feature = "engine")]
mod portions;
#[cfg(feature = "engine")]
mod reading;
#[cfg(feature = "engine")]
mod recount;
#[cfg(feature = "engine")]
mod rotation;
#[cfg(feature = "engine")]
pub mod rule_check;
#[cfg(feature = "engine")]
pub mod rule_tests;
pub mod rules;
#[cfg(feature = "engine")]
mod summary;
pub mod tune;
#[cfg(feature = "engine")]
pub mod verify;

#[cfg(all(test, feature = "engine"))]
mod naive_tests;
#[cfg(all(test, feature = "engine"))]
mod rotation_tests;

pub use alert::{Alert, HuntReport, HuntSummary, Severity};
pub use allow::{AllowEntry, AllowError, AllowField, AllowList};
pub use catalog::{Catalog, RuleError};
pub use coverage::RuleCoverage;
#[cfg(feature = "engine")]
pub use error::DetectError;
#[cfg(feature = "engine")]
pub use hunt::hunt;
pub use parameters::{GroupColumn, HuntParameters, SecretKey, Since, WindowMode};
#[cfg(feature = "engine")]
pub use recount::Recount;
pub use rules::Rule;
