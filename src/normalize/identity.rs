//! What makes two records one record that arrived twice.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::hash::hex;

/// The first 16 bytes of SHA-256 over a record's identifying columns, as they are stored: after
/// defaults and masking, so that it can be computed again from a Parquet file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub [u8; 16]);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The columns that identify a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identifying<'a> {
    pub cluster: Option<&'a str>,
    pub record_id: Option<&'a str>,
    pub audit_id: Option<&'a str>,
    pub stage: Option<&'a str>,
    /// Microseconds since 1970-01-01T00:00Z.
    pub event_time: i64,
    pub request_uri: Option<&'a str>,
    pub verb: Option<&'a str>,
    pub username: Option<&'a str>,
}

impl Identifying<'_> {
    /// The identity of a record with these columns. `scratch` is overwritten; it saves allocations.
    ///
    /// Each string is preceded by its length, and a null by 0 where a string has 1, so that no two
    /// records encode alike.
    pub fn identity(&self, scratch: &mut Vec<u8>) -> Identity {
        scratch.clear();
        scratch.extend_from_slice(&self.event_time.to_le_bytes());
        let strings = [
            self.cluster,
            self.record_id,
            self.audit_id,
            self.stage,
            self.request_uri,
            self.verb,
            self.username,
        ];
        for string in strings {
            match string {
                None => scratch.push(0),
                Some(string) => {
                    scratch.push(1);
                    scratch.extend_from_slice(&(string.len() as u64).to_le_bytes());
                    scratch.extend_from_slice(string.as_bytes());
                }
            }
        }
        let digest = Sha256::digest(&scratch);
        let mut identity = [0; 16];
        identity.copy_from_slice(&digest[..16]);
        Identity(identity)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Fields = ([Option<String>; 7], i64);

    fn identity((strings, event_time): &Fields) -> Identity {
        let [cluster, record_id, audit_id, stage, request_uri, verb, username] =
            strings.each_ref().map(Option::as_deref);
        Identifying {
            cluster,
            record_id,
            audit_id,
            stage,
            event_time: *event_time,
            request_uri,
            verb,
            username,
        }
        .identity(&mut Vec::new())
    }

    fn fields() -> impl Strategy<Value = Fields> {
        (prop::array::uniform7(prop::option::of("[ab]{0,2}")), 0..3_i64)
    }

    proptest! {
        #[test]
        fn equal_only_when_every_column_is_equal(a in fields(), b in fields()) {
            prop_assert_eq!(a == b, identity(&a) == identity(&b));
        }
    }

    #[test]
    fn a_null_is_not_the_empty_string() {
        let nulls: Fields = (std::array::from_fn(|_| None), 0);
        for column in 0..7 {
            let mut empty = nulls.clone();
            empty.0[column] = Some(String::new());
            assert_ne!(identity(&nulls), identity(&empty), "column {column}");
        }
    }

    #[test]
    fn the_encoding_is_fixed() {
        let fields = (["c", "r", "a", "s", "u", "v", "n"].map(|s| Some(s.to_owned())), 1);
        assert_eq!(format!("{:?}", identity(&fields)), "36e022a30e9edabb8e6152d7aadc489b");
    }
}
