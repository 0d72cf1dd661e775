//! What the keys of a reject say of their values. A shipper may have flattened an object (`requestObject.data.password`,
//! `request_object_string_data_password`), so each part of a key is looked at.

/// What stands in a record that says itself what it is: a newer decoder may read it.
pub(super) const MARKS: [&[u8]; 2] = [b"auditID", b"protoPayload"];

/// What a key says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It is secret.
    Secret,
    /// It is `data`: of a Secret, or of anything else.
    Data,
    Other,
}

impl Named {
    pub(super) fn of(key: &[u8]) -> Self {
        if key.iter().all(u8::is_ascii_alphanumeric) {
            return Self::of_part(key);
        }
        let letters: Vec<u8> =
            key.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        let holds = |name: &[u8]| memchr::memmem::find(&letters, name).is_some();
        if holds(b"stringdata") || holds(b"lastappliedconfiguration") || is_escaped(key) {
            return Self::Secret;
        }
        Self::of_parts(key)
    }

    fn of_part(part: &[u8]) -> Self {
        let is = |name: &str| part.eq_ignore_ascii_case(name.as_bytes());
        match part {
            _ if is("stringData") || is("token") => Self::Secret,
            _ if is("data") => Self::Data,
            _ => Self::Other,
        }
    }

    /// What a flattened key says. What follows `data` in it is a key of the data. With underscores around it, `data` is a
    /// word of a name (`event_data`), unless it stands behind a body.
    fn of_parts(key: &[u8]) -> Self {
        let (mut at, mut in_body, mut named) = (0, false, Self::Other);
        for part in key.split(|b| !b.is_ascii_alphanumeric()) {
            let (start, end) = (at, at + part.len());
            at = end + 1;
            let joined = start > 0 && is_joint(key[start - 1]) || key.get(end).is_some_and(|b| is_joint(*b));
            match Self::of_part(part) {
                // In the middle it is a word of a name: `token_count`.
                Self::Secret if end == key.len() => return Self::Secret,
                Self::Data if in_body || !joined => named = Self::Data,
                _ if named == Self::Data && !part.is_empty() => return Self::Secret,
                _ => in_body |= is_body(part),
            }
        }
        named
    }
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b' ')
}

/// Whether a part of a key names a body, or a list of objects: `requestObject`, `request_object`, GKE's `response`.
fn is_body(part: &[u8]) -> bool {
    let ends = |name: &str| {
        part.len() >= name.len() && part[part.len() - name.len()..].eq_ignore_ascii_case(name.as_bytes())
    };
    ["object", "request", "response", "items"].into_iter().any(ends)
}

/// Whether a key spells a letter as `\u0061`, which a client can.
fn is_escaped(key: &[u8]) -> bool {
    memchr::memmem::find_iter(key, b"\\u00").any(|at| matches!(key.get(at + 4), Some(b'4'..=b'7')))
}

/// Names that lines of logs and audit records have for their time, level or text, and keys of a Secret hardly.
const OF_LOGS: [&str; 34] = [
    "time",
    "ts",
    "timestamp",
    "@timestamp",
    "date",
    "datetime",
    "level",
    "lvl",
    "severity",
    "msg",
    "message",
    "log",
    "event",
    "kind",
    "@type",
    "auditID",
    "stage",
    "verb",
    "requestURI",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "TimeGenerated",
    "time_local",
    "time_iso8601",
    "asctime",
    "levelname",
    "@t",
    "@mt",
    "error",
    "method",
    "status",
    "request",
    "component",
    "caller",
];

/// Whether a key tells a line of a log from the inside of a Secret's data.
pub(super) fn is_of_logs(key: &[u8]) -> bool {
    OF_LOGS.iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_key_is_looked_at() {
        let cases = [
            (Named::Secret, &["stringData", "TOKEN", "kubectl.kubernetes.io/last-applied-configuration"][..]),
            (
                Named::Secret,
                &["kubernetes.audit.requestObject.data.password", "data.password", "items[0].data.p"],
            ),
            (
                Named::Secret,
                &["requestObject_stringData_password", "string_data", "request_object_data_password"],
            ),
            (Named::Secret, &["responseObject.status.token", "access_token", "/data/password", "d\\u0061ta"]),
            (Named::Secret, &["annotations_kubectl_kubernetes_io_last_applied_configuration", "/stringData"]),
            (Named::Data, &["data", "DATA", "requestObject.data", "responseObject_data", "/data"]),
            (
                Named::Other,
                &["metadata", "event_data", "data_source", "winlog.event_data.Image", "tokenreviews", ""],
            ),
            (
                Named::Other,
                &[
                    "token_count",
                    "token-type",
                    "total.token.count",
                    "requestObject.metadata.name",
                    "\\u00e9",
                    "data-dir",
                ],
            ),
        ];
        for (expected, keys) in cases {
            keys.iter().for_each(|key| assert_eq!(Named::of(key.as_bytes()), expected, "{key}"));
        }
    }
}
