//! A value for every source, or one read from the source's path.
//!
//! | pattern | matched against |
//! |---|---|
//! | `prod` | nothing: the value itself, for every source |
//! | `{account}/{cluster}/*.log` | the last components of the path, as many as the pattern has |
//! | `{account}/{cluster}/**` | the whole path below the folder argument (or below the literal part of a glob) |
//! | `/logs/{cluster}/**` | the whole absolute path |
//!
//! `{name}` takes one component or a part of one (`cluster={cluster}`, `{cluster}.log.gz`), `*` the same
//! without a name, `**` any number of components, also none. Where a pattern fits in several ways, each
//! part takes as little as it can, from the left. An archive counts as a folder. With `ingest logs/`, the file
//! `logs/111122223333/prod/2026/a.gz` and the pattern `{account}/{cluster}/**`, the account is
//! `111122223333` and the cluster `prod`.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Input, Source};

/// A plain value, or a pattern over a source's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Value(String),
    Pattern { anchor: Anchor, components: Vec<Component>, names: Vec<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Root,
    Base,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Component {
    Any,
    One(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Star,
    Capture(String),
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("an empty value")]
    Empty,
    #[error(
        "a brace in {0:?} is not closed or not opened; a pattern is written like {{account}}/{{cluster}}/**"
    )]
    Brace(String),
    #[error("{name:?} in {pattern:?} is not a name; use letters and underscores, such as {{cluster}}")]
    Name { pattern: String, name: String },
    #[error("{name:?} stands twice in {pattern:?}")]
    Twice { pattern: String, name: String },
    #[error("** in {0:?} must be a component of its own, as in {{cluster}}/**")]
    DoubleStar(String),
    #[error("nothing stands between two wildcards in {0:?}, so it cannot be told where one ends")]
    Adjacent(String),
    #[error("an empty component in {0:?}")]
    EmptyComponent(String),
}

impl PathPattern {
    /// Reads a value or, where the text holds a brace, a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if !text.contains(['{', '}']) {
            return Ok(Self(Kind::Value(text.to_owned())));
        }
        let (rooted, rest) = text.strip_prefix('/').map_or((false, text), |rest| (true, rest));
        let mut names = Vec::new();
        let components = rest
            .split('/')
            .map(|component| parse_component(text, component, &mut names))
            .collect::<Result<Vec<_>, _>>()?;
        let anchor = if rooted {
            Anchor::Root
        } else if components.contains(&Component::Any) {
            Anchor::Base
        } else {
            Anchor::End
        };
        Ok(Self(Kind::Pattern { anchor, components, names }))
    }

    /// The names that the pattern captures; none for a plain value.
    pub fn names(&self) -> &[String] {
        match &self.0 {
            Kind::Value(_) => &[],
            Kind::Pattern { names, .. } => names,
        }
    }

    /// The plain value, or what `{key}` captures in the source's path; `None` where the pattern does not
    /// fit the path or has no such name.
    pub fn value(&self, source: &Source, key: &str) -> Option<String> {
        match &self.0 {
            Kind::Value(value) => Some(value.clone()),
            Kind::Pattern { anchor, components, names } => {
                if !names.iter().any(|name| name == key) {
                    return None;
                }
                let path = path_components(source, *anchor, components.len())?;
                let mut captures = BTreeMap::new();
                fits(components, &path, &mut captures)
                    .then(|| captures.remove(key).map(|value| String::from_utf8_lossy(value).into_owned()))?
            }
        }
    }
}

fn parse_component(pattern: &str, text: &str, names: &mut Vec<String>) -> Result<Component, PatternError> {
    if text == "**" {
        return Ok(Component::Any);
    }
    if text.is_empty() {
        return Err(PatternError::EmptyComponent(pattern.to_owned()));
    }
    if text.contains("**") {
        return Err(PatternError::DoubleStar(pattern.to_owned()));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (part, length) = match first {
            '*' => (Part::Star, 1),
            '{' => {
                let close = rest.find('}').ok_or_else(|| PatternError::Brace(pattern.to_owned()))?;
                (Part::Capture(capture_name(pattern, &rest[1..close], names)?), close + 1)
            }
            '}' => return Err(PatternError::Brace(pattern.to_owned())),
            _ => {
                let end = rest.find(['*', '{', '}']).unwrap_or(rest.len());
                (Part::Literal(rest[..end].to_owned()), end)
            }
        };
        let wild = |part: Option<&Part>| matches!(part, Some(Part::Star | Part::Capture(_)));
        if wild(parts.last()) && wild(Some(&part)) {
            return Err(PatternError::Adjacent(pattern.to_owned()));
        }
        parts.push(part);
        rest = &rest[length..];
    }
    Ok(Component::One(parts))
}

fn capture_name(pattern: &str, name: &str, names: &mut Vec<String>) -> Result<String, PatternError> {
    let name = name.to_owned();
    let pattern = pattern.to_owned();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
        return Err(PatternError::Name { pattern, name });
    }
    if names.contains(&name) {
        return Err(PatternError::Twice { pattern, name });
    }
    names.push(name.clone());
    Ok(name)
}

fn path_components(source: &Source, anchor: Anchor, count: usize) -> Option<Vec<&[u8]>> {
    let (Input::File(path) | Input::Member(path)) = &source.input else { return None };
    let below: &Path = match (anchor, &source.base) {
        (Anchor::Base, Some(base)) => path.strip_prefix(base).ok()?,
        _ => path,
    };
    let mut components: Vec<&[u8]> = below
        .components()
        .filter_map(|component| match component {
            std::path::Component::Normal(name) => Some(name.as_bytes()),
            _ => None,
        })
        .collect();
    if anchor == Anchor::End {
        components.drain(..components.len().checked_sub(count)?);
    }
    Some(components)
}

type Captures<'p> = BTreeMap<&'p str, &'p [u8]>;

fn fits<'p>(pattern: &'p [Component], path: &[&'p [u8]], captures: &mut Captures<'p>) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return path.is_empty() };
    match first {
        Component::Any => (0..=path.len()).any(|taken| fits(rest, &path[taken..], captures)),
        Component::One(parts) => {
            path.first().is_some_and(|name| part_fits(parts, name, captures))
                && fits(rest, &path[1..], captures)
        }
    }
}

fn part_fits<'p>(parts: &'p [Part], name: &'p [u8], captures: &mut Captures<'p>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return name.is_empty() };
    match first {
        Part::Literal(literal) => {
            name.strip_prefix(literal.as_bytes()).is_some_and(|name| part_fits(rest, name, captures))
        }
        Part::Star => (0..=name.len()).any(|taken| part_fits(rest, &name[taken..], captures)),
        Part::Capture(key) => (1..=name.len()).any(|taken| {
            let fits = part_fits(rest, &name[taken..], captures);
            if fits {
                captures.insert(key, &name[..taken]);
            }
            fits
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn value(pattern: &str, key: &str) -> Option<String> {
        let path = PathBuf::from("/data/logs/1111/prod/2026/11/kube-7.log.gz");
        let mut source = Source::file(path);
        source.base = Some(PathBuf::from("/data/logs"));
        PathPattern::parse(pattern).unwrap().value(&source, key)
    }

    #[test]
    fn a_plain_value_is_the_same_everywhere() {
        assert_eq!(value("prod*", "cluster").as_deref(), Some("prod*"));
        assert_eq!(PathPattern::parse("x").unwrap().value(&Source::stdin(), "any").as_deref(), Some("x"));
    }

    #[test]
    fn patterns_capture_by_name() {
        for (pattern, key, expected) in [
            ("{account}/{cluster}/**", "account", Some("1111")),
            ("{account}/{cluster}/**", "cluster", Some("prod")),
            ("{account}/{cluster}/**", "region", None),
            ("{cluster}/*/*/*", "cluster", Some("prod")),
            ("{cluster}-*.log.gz", "cluster", Some("kube")),
            ("kube-{n}.log*", "n", Some("7")),
            ("**/{year}/{month}/*", "year", Some("2026")),
            ("/data/logs/{account}/**", "account", Some("1111")),
            ("/{top}/**", "top", Some("data")),
            ("{account}/{cluster}/**/none", "cluster", None),
            ("a/b/c/d/e/f/g/h/{cluster}", "cluster", None),
        ] {
            assert_eq!(value(pattern, key).as_deref(), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn archives_are_folders() {
        let pattern = |pattern: &str| PathPattern::parse(pattern).unwrap();
        let mut archive = Source::file(PathBuf::from("/data/logs/eks.tar"));
        let member = archive.member(b"./1111/../prod//a.log", 1);
        assert_eq!(pattern("{account}/{cluster}/**").value(&member, "account").as_deref(), Some("1111"));
        assert_eq!(pattern("{cluster}/*.log").value(&member, "cluster").as_deref(), Some("prod"));
        let inner = archive.member(b"x.zip", 1).member(b"/prod/a.log", 1);
        assert_eq!(pattern("*/{cluster}/**").value(&inner, "cluster").as_deref(), Some("prod"));
        archive.named = false;
        let member = archive.member(b"1111/prod/a.log", 1);
        assert_eq!(pattern("{kind}.tar/*/{cluster}/*").value(&member, "kind").as_deref(), Some("eks"));
        assert_eq!(pattern("{cluster}/**").value(&member, "cluster").as_deref(), Some("eks.tar"));
        assert_eq!(
            pattern("{cluster}/*").value(&Source::stdin().member(b"c/a", 1), "cluster").as_deref(),
            Some("c")
        );
    }

    #[test]
    fn standard_input_has_no_path() {
        assert_eq!(PathPattern::parse("{cluster}/**").unwrap().value(&Source::stdin(), "cluster"), None);
    }

    #[test]
    fn broken_patterns_are_named() {
        for pattern in
            ["", "{", "a}", "{}", "{a b}", "{a}/{a}", "{a}{b}", "{a}*", "x**/{a}", "{a}//b", "{a}/"]
        {
            assert!(PathPattern::parse(pattern).is_err(), "{pattern}");
        }
        assert_eq!(PathPattern::parse("{a}/{b}").unwrap().names(), ["a", "b"]);
    }
}
