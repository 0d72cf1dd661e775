//! What can go wrong in a hunt or in the tests of a rule.

use crate::engine::EngineError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    #[error("{what} must be at least {least}")]
    TooSmall { what: &'static str, least: &'static str },
    #[error("group by at least one of username, effective_user, session, cluster, source_ip, user_agent")]
    NoGroup,
    #[error("the rule {rule} has no {file}")]
    NoSql { rule: String, file: &'static str },
    #[error("{entry}: {reason}")]
    Allow { entry: String, reason: String },
    #[error("could not hunt")]
    Engine(#[from] EngineError),
    #[error("the test '{test}' of {rule} cannot be run: {reason}")]
    Test { rule: String, test: String, reason: String },
    #[error("could not prepare the records of the tests")]
    Records(#[source] Box<dyn std::error::Error + Send + Sync>),
}
