//! File URIs that any path survives: a name may hold newlines, or bytes that are not UTF-8.

use std::ffi::OsString;
use std::io;
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
    percent_encode(path.as_os_str().as_bytes(), &mut uri);
    uri
}

fn percent_encode(bytes: &[u8], uri: &mut String) {
    for &byte in bytes {
        if is_plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(char::from(HEX[usize::from(byte >> 4)]));
            uri.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The URI of a file in an archive: `file:///a.tar!logs/b`. Where an archive has several of a name, the second
/// is `file:///a.tar!logs/b#2`.
pub fn member_uri(archive: &str, name: &[u8], turn: u32) -> String {
    let mut uri = format!("{archive}!");
    percent_encode(name, &mut uri);
    if turn > 1 {
        uri.push_str(&format!("#{turn}"));
    }
    uri
}

/// The URI of a source as a person types its path: `g/o.zip!a.log` is a file in an archive, unless there is a file of this
/// name.
///
/// # Errors
/// When the current folder cannot be told, for a path that begins in it.
pub fn typed_to_uri(text: &str) -> io::Result<String> {
    let path = std::path::absolute(text)?;
    let (archive, members) = text.split_once('!').unwrap_or((text, ""));
    if members.is_empty() || path.exists() {
        return Ok(path_to_uri(&path));
    }
    let archive = path_to_uri(&std::path::absolute(archive)?);
    Ok(members.split('!').fold(archive, |archive, member| {
        let numbered = member.rsplit_once('#').and_then(|(name, turn)| Some((name, turn.parse().ok()?)));
        let (name, turn) = numbered.filter(|(_, turn)| *turn > 1).unwrap_or((member, 1));
        member_uri(&archive, name.as_bytes(), turn)
    }))
}

/// A file in an archive, by its name and which of those of that name it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberUri {
    pub name: Vec<u8>,
    pub turn: u32,
}

/// The URI of a file, and the way into it where that is an archive: `a.tar!b.zip!c` is `a.tar` with `b.zip` and `c`.
/// `None` for what [`member_uri`] would not write.
pub fn split_members(uri: &str) -> Option<(&str, Vec<MemberUri>)> {
    let mut parts = uri.split('!');
    let file = parts.next()?;
    let member = |part: &str| {
        let (name, turn) = match part.split_once('#') {
            Some((name, turn)) => (name, turn.parse().ok().filter(|turn| *turn > 1)?),
            None => (part, 1),
        };
        Some(MemberUri { name: percent_decode(name.as_bytes())?, turn })
    };
    Some((file, parts.map(member).collect::<Option<_>>()?))
}

/// The archives that a URI lies in, the innermost first.
pub fn enclosing(uri: &str) -> impl Iterator<Item = &str> {
    uri.rmatch_indices('!').map(|(at, _)| &uri[..at])
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
    fn a_typed_path_may_lead_into_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let archive = path_to_uri(&folder.path().join("o.zip"));
        std::fs::write(path("odd!name.log"), "").unwrap();
        assert_eq!(typed_to_uri(&path("o.zip!a b.log")).unwrap(), format!("{archive}!a%20b.log"));
        assert_eq!(typed_to_uri(&path("o.zip!in.tar!a.log#2")).unwrap(), format!("{archive}!in.tar!a.log#2"));
        let odd = path_to_uri(Path::new(&path("odd!name.log")));
        assert_eq!(typed_to_uri(&path("odd!name.log")).unwrap(), odd);
    }

    #[test]
    fn encodes_what_a_terminal_or_a_list_would_trip_over() {
        assert_eq!(path_to_uri(Path::new("/a b/y=1/x!\n.gz")), "file:///a%20b/y=1/x%21%0A.gz");
        assert_eq!(uri_to_path("file:///a%20b"), Some(PathBuf::from("/a b")));
    }

    #[test]
    fn members_have_uris_whatever_their_names() {
        let uri = member_uri(&member_uri("file:///a%21.tar", b"../x!\n\xff#2.zip", 1), b"/c", 2);
        assert_eq!(uri, "file:///a%21.tar!../x%21%0A%FF%232.zip!/c#2");
        let (file, members) = split_members(&uri).unwrap();
        assert_eq!(file, "file:///a%21.tar");
        assert_eq!(
            members,
            [
                MemberUri { name: b"../x!\n\xff#2.zip".to_vec(), turn: 1 },
                MemberUri { name: b"/c".to_vec(), turn: 2 },
            ]
        );
        assert_eq!(
            enclosing(&uri).collect::<Vec<_>>(),
            ["file:///a%21.tar!../x%21%0A%FF%232.zip", "file:///a%21.tar"]
        );
        assert_eq!(enclosing("file:///a").next(), None);
        assert_eq!(split_members("file:///a!b#1"), None);
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
