//! The patterns of an entry: exact text, globs, addresses and networks.

use std::net::IpAddr;

use globset::{GlobBuilder, GlobMatcher};
use ipnet::IpNet;

use super::AllowField;

/// One pattern, ready to match.
#[derive(Debug, Clone)]
pub enum Pattern {
    Exact(String),
    /// `*` and `?` match any character, `/` and `:` too.
    Glob(Box<GlobMatcher>),
    Address(IpAddr),
    Network(IpNet),
}

impl Pattern {
    /// Reads a pattern. Text without `*`, `?`, `[` and `{` is exact; for a source address also an
    /// address in any spelling, or a network such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// Why it is no pattern, for a person.
    pub fn parse(field: AllowField, text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        if field == AllowField::SourceIp {
            if let Ok(address) = text.parse::<IpAddr>() {
                return Ok(Self::Address(address.to_canonical()));
            }
            if text.contains('/') {
                let network: IpNet =
                    text.parse().map_err(|_| format!("{text:?} is no network such as 10.0.0.0/8"))?;
                return Ok(Self::Network(network));
            }
        }
        if !text.contains(['*', '?', '[', '{']) {
            return Ok(Self::Exact(text.to_owned()));
        }
        let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
        let glob = glob.map_err(|error| format!("{text:?} is no glob: {}", error.kind()))?;
        Ok(Self::Glob(Box::new(glob.compile_matcher())))
    }

    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => text == value,
            Self::Glob(glob) => glob.is_match(value),
            Self::Address(address) => canonical(value).is_some_and(|value| value == *address),
            Self::Network(network) => canonical(value).is_some_and(|value| network.contains(&value)),
        }
    }
}

/// An address as IPv4 where it is one in IPv6's clothes, `::ffff:10.0.0.1`.
fn canonical(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: AllowField, pattern: &str, matched: &[&str], others: &[&str]) {
        let parsed = Pattern::parse(field, pattern).unwrap();
        for value in matched {
            assert!(parsed.matches(value), "{pattern} does not match {value:?}");
        }
        for value in others {
            assert!(!parsed.matches(value), "{pattern} matches {value:?}");
        }
    }

    #[test]
    fn text_is_exact_and_case_counts() {
        check(AllowField::Username, "eve", &["eve"], &["Eve", "eve ", "evel", ""]);
        check(AllowField::Username, r"CORP\eve", &[r"CORP\eve"], &["CORPeve"]);
    }

    #[test]
    fn globs_match_the_whole_text_across_slashes_and_lines() {
        let arn = "arn:aws:sts::1:assumed-role/Deploy/ci";
        check(AllowField::Username, "arn:*/Deploy/*", &[arn], &["x arn:a/Deploy/b", "arn:aws:Deploy"]);
        check(AllowField::UserAgent, "helm*", &["helm", "helm/v3\n(linux)"], &["Helm", " helm"]);
        check(
            AllowField::Secret,
            "sh.helm.release.v1.*",
            &["sh.helm.release.v1.a.v1"],
            &["shXhelm.release.v1.a"],
        );
        check(AllowField::Namespace, "{prod,dev-?}", &["prod", "dev-1"], &["dev-", "dev-12"]);
        check(AllowField::Namespace, r"team-\*-[ab]", &["team-*-a"], &["team-x-a", "team-*-c"]);
    }

    #[test]
    fn addresses_match_in_any_spelling_and_by_network() {
        check(AllowField::SourceIp, "10.0.0.1", &["10.0.0.1", "::ffff:10.0.0.1"], &["10.0.0.10", "x"]);
        check(AllowField::SourceIp, "2001:DB8::1", &["2001:db8:0::1"], &["2001:db8::2"]);
        check(
            AllowField::SourceIp,
            "10.1.0.0/16",
            &["10.1.255.255", "::ffff:10.1.0.0"],
            &["10.2.0.0", "::1", ""],
        );
        check(AllowField::SourceIp, "fd00::/8", &["fdff::1"], &["fe00::1", "10.0.0.1"]);
        check(AllowField::SourceIp, "0.0.0.0/0", &["1.2.3.4"], &["::1"]);
        check(AllowField::SourceIp, "10.1.*", &["10.1.2.3"], &["10.11.2.3"]);
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (field, pattern) in [
            (AllowField::Username, ""),
            (AllowField::Username, "a[b"),
            (AllowField::Username, "{a"),
            (AllowField::SourceIp, "10.0.0.0/33"),
            (AllowField::SourceIp, "here/8"),
        ] {
            assert!(!Pattern::parse(field, pattern).unwrap_err().is_empty());
        }
    }
}
