//! File URIs that any path survives: a name may hold newlines, or bytes that are not UTF-8.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const SCHEME: &str = "file://";
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Kept as they are: RFC 3986's unreserved characters, the slash, and what cloud exports put into
/// folder names (`y=2026`, `08:00:00_08:59:59`). `!` is not among them: it joins an archive and its member.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/=:@+,".contains(&byte)
}

/// The `file://` URI of an absolute path: `/logs/a b` is `file:///logs/a%20b`.
pub fn path_to_uri(path: &Path) -> String {
    let mut uri = String::from(SCHEME);
    for &byte in path.as_os_str().as_bytes() {
        if is_plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(char::from(HEX[usize::from(byte >> 4)]));
            uri.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    uri
}

/// The path of a `file://` URI; `None` for another scheme, a host, or a broken escape.
pub fn uri_to_path(uri: &str) -> Option<PathBuf> {
    let encoded = uri.strip_prefix(SCHEME)?;
    if !encoded.starts_with('/') {
        return None;
    }
    percent_decode(encoded.as_bytes()).map(|bytes| PathBuf::from(OsString::from_vec(bytes)))
}

fn percent_decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodes_what_a_terminal_or_a_list_would_trip_over() {
        assert_eq!(path_to_uri(Path::new("/a b/y=1/x!\n.gz")), "file:///a%20b/y=1/x%21%0A.gz");
        assert_eq!(uri_to_path("file:///a%20b"), Some(PathBuf::from("/a b")));
    }

    #[test]
    fn refuses_what_is_no_file_uri() {
        for uri in ["stdin:", "file://host/a", "file:///a%2", "file:///a%zz", "file:///a%+1", "/a"] {
            assert_eq!(uri_to_path(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn any_absolute_path_survives(tail in proptest::collection::vec(1u8..=255, 0..40)) {
            let path = PathBuf::from(OsString::from_vec([b"/".to_vec(), tail].concat()));
            let uri = path_to_uri(&path);
            prop_assert!(uri.is_ascii());
            prop_assert_eq!(uri_to_path(&uri), Some(path));
        }
    }
}
