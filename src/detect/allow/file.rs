//! Allow-lists as TOML files.
//!
//! ```toml
//! [[allow]]
//! username = "system:serviceaccount:vault:*"
//! namespace = ["prod", "team-*"]
//! reason = "Vault syncs every secret of these namespaces"
//! owner = "platform@example.com"
//! expires = 2027-03-31
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::{AllowEntry, AllowField, Pattern};

/// An allow-list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    #[error("could not read the allow-list {}", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}:{line}: {reason}", .path.display())]
    Wrong { path: PathBuf, line: usize, reason: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    username: Option<Spanned<Texts>>,
    namespace: Option<Spanned<Texts>>,
    secret: Option<Spanned<Texts>>,
    user_agent: Option<Spanned<Texts>>,
    cluster: Option<Spanned<Texts>>,
    source_ip: Option<Spanned<Texts>>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    expires: Option<Spanned<Datetime>>,
}

/// One pattern, or a list of which one must match.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a pattern in quotes, or a list of them")]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// Reads the entries of a file, each with its place in it: `name`, and the line.
///
/// # Errors
/// When the file cannot be read, or is no allow-list: with file, line and reason.
pub fn read(path: &Path, name: &str) -> Result<Vec<AllowEntry>, AllowError> {
    let text =
        fs::read_to_string(path).map_err(|source| AllowError::Read { path: path.to_owned(), source })?;
    parse(path, name, &text)
}

fn parse(path: &Path, name: &str, text: &str) -> Result<Vec<AllowEntry>, AllowError> {
    let wrong = |(offset, reason): (usize, String)| AllowError::Wrong {
        path: path.to_owned(),
        line: line(text, offset),
        reason,
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        wrong((offset, error.message().to_owned()))
    })?;
    file.allow
        .into_iter()
        .map(|entry| {
            let offset = entry.span().start;
            let place = format!("{name}:{}", line(text, offset));
            checked(entry.into_inner(), offset, place).map_err(wrong)
        })
        .collect()
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// An entry with its patterns tried, or where and why it is wrong.
fn checked(entry: Entry, offset: usize, place: String) -> Result<AllowEntry, (usize, String)> {
    let fields = [
        (AllowField::Username, entry.username),
        (AllowField::Namespace, entry.namespace),
        (AllowField::Secret, entry.secret),
        (AllowField::UserAgent, entry.user_agent),
        (AllowField::Cluster, entry.cluster),
        (AllowField::SourceIp, entry.source_ip),
    ];
    let mut patterns = BTreeMap::new();
    for (field, texts) in fields.into_iter().filter_map(|(field, texts)| Some((field, texts?))) {
        let at = texts.span().start;
        let texts = match texts.into_inner() {
            Texts::One(text) => vec![text],
            Texts::Several(texts) => texts,
        };
        if texts.is_empty() {
            return Err((at, format!("{} has no pattern, so nothing matches", field.as_str())));
        }
        for text in &texts {
            Pattern::parse(field, text).map_err(|reason| (at, reason))?;
        }
        patterns.insert(field, texts);
    }
    if patterns.is_empty() {
        let names = AllowField::ALL.map(AllowField::as_str).join(", ");
        return Err((offset, format!("an entry must name at least one of {names}")));
    }
    let expires = entry.expires.as_ref().map(last_day).transpose()?;
    Ok(AllowEntry {
        entry: place,
        reason: said("reason", entry.reason)?,
        owner: said("owner", entry.owner)?,
        expires,
        patterns,
    })
}

fn said(name: &str, text: Spanned<String>) -> Result<String, (usize, String)> {
    if text.get_ref().trim().is_empty() {
        return Err((
            text.span().start,
            format!("the {name} is empty: whoever finds this entry will need it"),
        ));
    }
    Ok(text.into_inner())
}

fn last_day(expires: &Spanned<Datetime>) -> Result<String, (usize, String)> {
    let value = expires.get_ref();
    match (&value.date, &value.time) {
        (Some(date), None) => Ok(date.to_string()),
        _ => Err((expires.span().start, format!("expires is a date such as 2027-03-31, not {value}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<AllowEntry>, AllowError> {
        parse(Path::new("a.toml"), "a.toml", text)
    }

    #[test]
    fn entries_know_their_place() {
        let text = "# known readers\n\n[[allow]]\nusername = \"vault\"\nreason = \"syncs\"\nowner = \"ops\"\n\n\
            [[allow]]\nnamespace = [\"prod\", \"team-*\"]\nsource_ip = \"10.0.0.0/8\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-03-31\n";
        let entries = parsed(text).unwrap();
        assert_eq!(entries[0].entry, "a.toml:3");
        assert_eq!(entries[0].patterns[&AllowField::Username], ["vault"]);
        assert_eq!((entries[0].reason.as_str(), entries[0].owner.as_str()), ("syncs", "ops"));
        assert_eq!(entries[1].entry, "a.toml:8");
        assert_eq!(entries[1].patterns.len(), 2);
        assert_eq!(entries[1].expires.as_deref(), Some("2027-03-31"));
        assert!(parsed("").unwrap().is_empty());
    }

    #[test]
    fn a_wrong_file_says_where_and_why() {
        let entry = |lines: &str| format!("[[allow]]\nreason = \"r\"\nowner = \"o\"\n{lines}\n");
        let cases = [
            ("[[allow]]\nusername = \"x\nreason = 1\n".to_owned(), 2, "string"),
            (entry("user = \"x\""), 4, "unknown field `user`"),
            (entry("username = 7"), 4, "expected a pattern in quotes"),
            (entry("username = \"a[b\""), 4, "is no glob"),
            (entry("username = []"), 4, "has no pattern"),
            (entry("username = [\"ok\", \"\"]"), 4, "empty pattern"),
            (entry("source_ip = \"10.0.0.0/40\""), 4, "is no network"),
            (entry("username = \"x\"\nexpires = 2027-03-31T00:00:00Z"), 5, "expires is a date"),
            (entry(""), 1, "at least one of username"),
            ("[[allow]]\nusername = \"x\"\nreason = \"\"\nowner = \"o\"\n".to_owned(), 3, "reason is empty"),
            ("[[allow]]\nusername = \"x\"\nreason = \"r\"\n".to_owned(), 1, "missing field `owner`"),
            ("[deny]\n".to_owned(), 1, "unknown field `deny`"),
        ];
        for (text, line, part) in cases {
            let message = parsed(&text).unwrap_err().to_string();
            assert!(message.starts_with(&format!("a.toml:{line}: ")), "{message}\n{text}");
            assert!(message.contains(part), "{message}\n{text}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/allow.toml"), "allow.toml").unwrap_err();
        assert!(error.to_string().contains("/nowhere/allow.toml"));
    }
}
