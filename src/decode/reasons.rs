//! Why a record is rejected, in the words that the lake keeps.

use serde::de::IgnoredAny;

use super::cut::TRUNCATED;
use super::scan;
use super::wire::{Failure, is_too_deep, message, too_deep};
use super::{RejectCode, RejectReason};

/// The reject of what was left of a cut record, for whatever reason that could not be read.
pub(super) fn cut_reason(reason: RejectReason) -> RejectReason {
    let detail = match reason.code {
        RejectCode::Cut => reason.detail,
        code => format!("what is left of a cut record is {}: {}", code.code(), reason.detail),
    };
    RejectReason { code: RejectCode::Cut, detail }
}

pub(super) fn too_many_records(most: usize) -> RejectReason {
    let detail = format!("more than {most} records in one; the others are not read");
    RejectReason { code: RejectCode::TooLong, detail }
}

pub(super) fn not_audit(record: &str) -> RejectReason {
    let reason = |code, detail: &str| RejectReason { code, detail: detail.to_owned() };
    if serde_json::from_str::<IgnoredAny>(record).is_err() {
        reason(RejectCode::NotJson, "neither JSON nor a known kind of log line")
    } else if is_too_deep(record) {
        too_deep()
    } else {
        reason(RejectCode::NotAudit, "JSON, but no audit record of a known container")
    }
}

/// The reject for a JSON error: where a value ends too early, breaks, or has a field of another type.
pub(super) fn json_failure(error: &serde_json::Error, record: &str) -> Failure {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => Failure::new(
            RejectCode::Cut,
            format!("the JSON ends after {} bytes, inside a value", record.len()),
        ),
        Category::Syntax if record.ends_with(TRUNCATED) => Failure::new(
            RejectCode::Cut,
            format!("cut by CloudWatch after {} bytes", record.len() - TRUNCATED.len()),
        ),
        Category::Data => {
            let message = message(error);
            // One that stands twice is named there, and the error comes up behind it.
            let field = field_at(record, error).filter(|_| !message.starts_with("duplicate field"));
            let field = field.map_or(String::new(), |field| format!("{field}: "));
            Failure::new(RejectCode::WrongType, field + &message)
        }
        Category::Syntax | Category::Io => Failure::new(RejectCode::NotJson, error.to_string()),
    }
}

/// The key at the record's top whose value an error stands in.
fn field_at<'r>(record: &'r str, error: &serde_json::Error) -> Option<&'r str> {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', record.as_bytes()).nth(line - 2)? + 1,
    };
    let at = line_start + error.column();
    let fields = scan::fields(record.as_bytes(), 0);
    fields.take_while(|field| field.value < at).last().and_then(|field| record.get(field.key))
}
