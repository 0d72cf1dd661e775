//! Lines of text that are known log kinds but hold no audit records: what other control plane components write
//! next to the audit log.

use crate::decode::job::Job;
use crate::decode::pieces;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::Failure;

pub(super) const NAME: &str = "plain-text";

/// What CloudWatch writes into the object `aws-logs-write-test` to see whether it may.
const WRITE_TEST: &str = "Permission Check Successful";

/// Keys of which a logfmt line has at least one.
const LOGFMT_KEYS: [&str; 8] = ["level", "lvl", "msg", "message", "time", "ts", "err", "error"];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.line().and_then(kind).is_some()
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let kind = kind(record.text).ok_or(Failure::NotMine)?;
    job.other(kind);
    Ok(())
}

/// The name that a line is counted under, also where a container runtime logged it.
pub(super) fn kind(line: &str) -> Option<&'static str> {
    let line = pieces::without_prefix(line);
    if is_klog(line) {
        Some("klog")
    } else if is_logfmt(line) {
        Some("logfmt")
    } else {
        (line == WRITE_TEST).then_some("aws-logs-write-test")
    }
}

/// `I0619 08:07:21.502238       1 handler.go:153] text`
pub(in crate::decode) fn is_klog(line: &str) -> bool {
    let bytes = line.as_bytes();
    const HEAD: &[u8] = b"I0000 00:00:00.000000 ";
    let Some((head, rest)) = bytes.split_at_checked(HEAD.len()) else { return false };
    let fits = head[1..].iter().zip(&HEAD[1..]).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    if !fits || !matches!(head[0], b'I' | b'W' | b'E' | b'F') {
        return false;
    }
    let Ok(rest) = std::str::from_utf8(rest) else { return false };
    let mut words = rest.split_ascii_whitespace();
    let thread = words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let place = words.next().and_then(|word| word.split(']').next()).and_then(|word| word.rsplit_once(':'));
    thread
        && place.is_some_and(|(_, line)| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `time="2023-06-19T08:07:21Z" level=info msg="..."`, all of the line.
fn is_logfmt(line: &str) -> bool {
    let (mut rest, mut pairs, mut known) = (line, 0, false);
    while !rest.is_empty() {
        // No further than the key goes: what is no logfmt may be long, and be asked about again and again.
        let in_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        let Some(end) = rest.bytes().position(|byte| !in_key(byte)).filter(|&end| end > 0) else {
            return false;
        };
        let (key, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else { return false };
        let Some(length) = value_length(after) else { return false };
        known |= LOGFMT_KEYS.contains(&key);
        pairs += 1;
        let after = &after[length..];
        rest = after.trim_start_matches(' ');
        if !after.is_empty() && after.len() == rest.len() {
            return false;
        }
    }
    known && pairs >= 2
}

fn value_length(value: &str) -> Option<usize> {
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.find(' ').unwrap_or(value.len())) };
    let mut escaped = false;
    let end = quoted.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_klog_and_logfmt_precisely() {
        for (line, expected) in [
            ("I0619 08:07:21.502238       1 handler.go:153] Adding GroupVersion", Some("klog")),
            ("E1231 23:59:59.000001 4242 reflector.go:1] x", Some("klog")),
            ("2026-11-22T10:00:00.5Z stderr F E1231 23:59:59.000001 4242 reflector.go:1] x", Some("klog")),
            ("2026-11-22T10:00:00.5Z stderr F x", None),
            ("I0619 08:07:21.502238 handler.go:153] x", None),
            ("I0619 08:07:21 1 handler.go:153] x", None),
            ("Info 0619", None),
            (
                "time=\"2023-06-19T08:07:21Z\" level=info msg=\"a \\\"b\\\" c=d\" arn=arn:aws:iam::1:role/x",
                Some("logfmt"),
            ),
            ("level=info", None),
            ("a=b c=d", None),
            ("level=info some words", None),
            ("msg=\"open level=x", None),
            ("Permission Check Successful", Some("aws-logs-write-test")),
            ("", None),
        ] {
            assert_eq!(kind(line), expected, "{line:?}");
        }
    }
}
