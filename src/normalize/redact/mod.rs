//! Secret values never enter the lake: what is masked, and where.
//!
//! | text | what is masked |
//! |---|---|
//! | bodies and annotations | the values of Secrets, tokens, last-applied configurations, by structure ([`body`]) |
//! | those, user_extra, response_status, request_uri, user_agent | JSON web tokens ([`text`], [`uri`]) |
//! | response_status | what it quotes of a Secret's body that could not be decoded ([`status`]) |
//! | request_uri, user_agent | the values of `token=` parameters and of bearer credentials ([`uri`]) |
//! | rejects | all of these without relying on structure ([`reject_bytes`]) |
//!
//! Every function borrows its input where nothing had to be masked: what holds no secret is
//! stored byte for byte.

mod body;
mod names;
mod pieces;
mod reject;
mod text;

#[cfg(test)]
mod tests;

use memchr::memmem;

use crate::decode::AuditEvent;

pub use body::body;
pub use reject::{REJECT_LIMIT, reject_bytes};
pub use text::{status, text, uri};

/// What stands in place of a secret value.
pub const REDACTED: &str = "REDACTED";

/// What the record around a body says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The request is about Secrets or tokens: every body is taken apart, and a body whose kind is
    /// not given (a merge patch, a JSON patch, a Table) is one of a Secret.
    Secret,
    /// The body itself has to say that it holds a Secret.
    Other,
}

impl Context {
    /// Reads the context off a record's objectRef, or off its URI where it has none.
    pub fn of(event: &AuditEvent<'_>) -> Self {
        let subresource = event.subresource.as_deref();
        let secret = match event.resource.as_deref() {
            Some("secrets" | "tokenreviews") => true,
            Some("serviceaccounts") => subresource == Some("token"),
            Some(_) => false,
            None => event.request_uri.as_deref().is_some_and(|uri| {
                [&b"/secrets"[..], b"/token"].iter().any(|part| memmem::find(uri.as_bytes(), part).is_some())
            }),
        };
        if secret { Self::Secret } else { Self::Other }
    }
}
