//! The catalog: the rules of `sql/rules`, and those of folders that a user names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::rules::Rule;
use crate::decode::LogType;
use crate::sql;

/// A file of a rule, or all of them, that are larger than this are no rule.
const LARGEST: u64 = 4 << 20;

/// The files of a rule, of which matches.sql must be there.
const FILES: [&str; 4] = ["matches.sql", "counted.sql", "detect.sql", "sweep.sql"];

/// A hundred years, which no log is long.
const LONGEST_MINUTES: i64 = 100 * 366 * 24 * 60;

/// As Panther's rules have them (<https://docs.panther.com/detections/rules/python>).
const SEVERITIES: [&str; 5] = ["Info", "Low", "Medium", "High", "Critical"];

/// Why a rule is refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("no rule is called {name}; `kubetrawl rules list` names them")]
    Unknown { name: String },
    #[error("{path} is not a rule")]
    Yaml {
        path: String,
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    #[error("{path}: {reason}")]
    Value { path: String, reason: String },
    #[error("cannot read {path}")]
    Read {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("{path} holds no rule: neither a rule.yml nor a folder with one")]
    NoRule { path: String },
    #[error("{name} is the name of two rules: of {first} and of {second}")]
    Twice { name: String, first: String, second: String },
    #[error("{path}, line {line}: {reason}")]
    Sql { path: String, line: usize, reason: String },
    #[error("the SQL of the rules could not be looked at")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The rules there are.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// By RuleID.
    rules: Vec<Rule>,
}

impl Catalog {
    /// The rules that come with the program.
    ///
    /// # Errors
    /// When a rule.yml is not one.
    pub fn own() -> Result<Self, RuleError> {
        Self::with(&[])
    }

    /// The program's own rules and those of each folder: it is a rule itself, or holds folders that are.
    ///
    /// # Errors
    /// When a folder cannot be read or has no rule, a rule is broken, or two have one name.
    pub fn with(folders: &[PathBuf]) -> Result<Self, RuleError> {
        let mut rules: Vec<Rule> =
            sql::folders("rules").into_iter().map(embedded).collect::<Result<_, _>>()?;
        for folder in folders {
            for rule in of_folder(folder)? {
                if let Some(first) = rules.iter().find(|known| is_called(known, &rule)) {
                    let (first, second) = (first.folder.clone(), rule.folder.clone());
                    return Err(RuleError::Twice { name: rule.rule_id, first, second });
                }
                rules.push(rule);
            }
        }
        rules.sort_by(|a, b| a.rule_id.cmp(&b.rule_id));
        Ok(Self { rules })
    }

    /// All rules, by RuleID.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule by its RuleID, or its folder's name, in any case.
    ///
    /// # Errors
    /// When there is no such rule.
    pub fn find(&self, name: &str) -> Result<&Rule, RuleError> {
        let named =
            |rule: &&Rule| rule.rule_id.eq_ignore_ascii_case(name) || rule.name().eq_ignore_ascii_case(name);
        self.rules.iter().find(named).ok_or_else(|| RuleError::Unknown { name: name.to_owned() })
    }
}

fn is_called(known: &Rule, rule: &Rule) -> bool {
    known.rule_id.eq_ignore_ascii_case(&rule.rule_id) || known.name().eq_ignore_ascii_case(rule.name())
}

fn embedded(folder: &'static str) -> Result<Rule, RuleError> {
    let files = sql::all(folder).into_iter().map(|(name, text)| (name, Cow::Borrowed(text))).collect();
    Ok(Rule { own: true, ..rule(folder.to_owned(), files)? })
}

fn of_folder(folder: &Path) -> Result<Vec<Rule>, RuleError> {
    if folder.join("rule.yml").is_file() {
        return Ok(vec![on_disk(folder)?]);
    }
    let mut folders = list(folder)?;
    folders.retain(|path| path.join("rule.yml").is_file());
    if folders.is_empty() {
        return Err(RuleError::NoRule { path: folder.display().to_string() });
    }
    folders.iter().map(|path| on_disk(path)).collect()
}

fn on_disk(folder: &Path) -> Result<Rule, RuleError> {
    let mut files = BTreeMap::new();
    for name in ["rule.yml"].iter().chain(&FILES) {
        let path = folder.join(name);
        if path.is_file() {
            files.insert((*name).to_owned(), read(&path)?);
        }
    }
    let runbook = folder.join("runbook");
    for path in if runbook.is_dir() { list(&runbook)? } else { Vec::new() } {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.insert(format!("runbook/{name}"), read(&path)?);
        }
    }
    rule(folder.display().to_string(), files)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, RuleError> {
    let failed = |source| RuleError::Read { path: folder.display().to_string(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Cow<'static, str>, RuleError> {
    let failed = |source| RuleError::Read { path: path.display().to_string(), source };
    if fs::metadata(path).map_err(failed)?.len() > LARGEST {
        let reason = "a file of a rule has at most 4 MiB".to_owned();
        return Err(RuleError::Value { path: path.display().to_string(), reason });
    }
    fs::read_to_string(path).map(Cow::Owned).map_err(failed)
}

/// Puts a rule together of its files, and looks at what needs no engine.
fn rule(folder: String, files: BTreeMap<String, Cow<'static, str>>) -> Result<Rule, RuleError> {
    let path = format!("{folder}/rule.yml");
    let text = files.get("rule.yml").map_or("", |text| text.as_ref());
    let mut rule: Rule = serde_saphyr::from_str(text)
        .map_err(|source| RuleError::Yaml { path: path.clone(), source: Box::new(source) })?;
    let least = [
        ("Threshold", rule.threshold, 1),
        ("WindowMinutes", rule.window_minutes, 1),
        ("DedupPeriodMinutes", rule.dedup_period_minutes, 0),
    ];
    let refuse = |reason: String| Err(RuleError::Value { path: path.clone(), reason });
    if let Some((name, value, least)) = least.into_iter().find(|(_, value, least)| value < least) {
        return refuse(format!("{name} is {value}, and must be at least {least}"));
    }
    if rule.rule_id.trim().is_empty() {
        return refuse("RuleID is empty".to_owned());
    }
    if rule.log_types.is_empty() {
        return refuse("LogTypes names none".to_owned());
    }
    if let Some(unknown) = rule.log_types.iter().find(|name| LogType::from_name(name).is_none()) {
        let known = LogType::ALL.map(LogType::as_str).join(", ");
        return refuse(format!("LogTypes has {unknown:?}, which no record is of: try {known}"));
    }
    if rule.window_minutes > LONGEST_MINUTES || rule.dedup_period_minutes > LONGEST_MINUTES {
        return refuse("WindowMinutes and DedupPeriodMinutes are at most 100 years".to_owned());
    }
    if !SEVERITIES.contains(&rule.severity.as_str()) {
        return refuse(format!("Severity is {:?}: try {}", rule.severity, SEVERITIES.join(", ")));
    }
    if !files.contains_key("matches.sql") {
        return Err(RuleError::Value { path: folder, reason: "it has no matches.sql".to_owned() });
    }
    rule.folder = folder;
    rule.files = files;
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "kubernetes.bulk_secret_access";

    /// A folder with a copy of our rule under other names, changed.
    fn folder(change: impl Fn(&str) -> String) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let own = Catalog::own().unwrap();
        let place = folder.path().join("my_rule");
        fs::create_dir(&place).unwrap();
        for (name, text) in &own.find(OWN).unwrap().files {
            let path = place.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = text.replace("Kubernetes.BulkSecretAccess", "My.Rule");
            fs::write(path, if name == "rule.yml" { change(&text) } else { text }).unwrap();
        }
        folder
    }

    fn error(folder: &Path) -> String {
        let error = Catalog::with(&[folder.to_owned()]).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    }

    #[test]
    fn the_catalog_holds_the_rule_by_both_names() {
        let catalog = Catalog::own().unwrap();
        let rule = catalog.find("kubernetes.bulksecretaccess").unwrap();
        assert_eq!(catalog.find(OWN).unwrap().rule_id, rule.rule_id);
        assert_eq!((rule.threshold, rule.window_minutes, rule.dedup_period_minutes), (15, 30, 30));
        assert_eq!(rule.attack(), ("TA0006", "T1552.007"));
        assert_eq!(rule.title("eve"), "Kubernetes Secret Enumeration by [eve]");
        assert!(rule.log_types.contains(&"Kubernetes.Audit".to_owned()));
        assert!(rule.file("runbook/1_1_secrets.sql").is_some_and(|text| !text.ends_with(';')));
    }

    #[test]
    fn an_unknown_rule_is_named() {
        assert!(Catalog::own().unwrap().find("nope").unwrap_err().to_string().contains("nope"));
    }

    #[test]
    fn a_folder_of_rules_and_a_rule_alone_are_both_taken() {
        let folder = folder(str::to_owned);
        for path in [folder.path().to_owned(), folder.path().join("my_rule")] {
            let catalog = Catalog::with(&[path]).unwrap();
            let rule = catalog.find("my_rule").unwrap();
            assert_eq!(rule.rule_id, "My.Rule");
            assert!(rule.files.contains_key("runbook/1_1_secrets.sql"));
        }
    }

    #[test]
    fn a_broken_rule_is_refused_with_its_place_and_why() {
        let unknown = folder(|yaml| yaml.replace("Severity: Medium", "Severity: Medium\nColour: red"));
        let told = error(unknown.path());
        assert!(told.contains("my_rule/rule.yml") && told.contains("line 9"), "{told}");
        let zero = folder(|yaml| yaml.replace("Threshold: 15", "Threshold: 0"));
        assert!(error(zero.path()).contains("Threshold is 0"));
        for (good, bad, told) in [
            ("- Kubernetes.Audit", "- Kubernetes.Adit", "LogTypes has \"Kubernetes.Adit\""),
            ("Severity: Medium", "Severity: Nope", "Severity is \"Nope\""),
            ("WindowMinutes: 30", "WindowMinutes: 99999999999999999", "at most 100 years"),
        ] {
            let broken = folder(|yaml| yaml.replace(good, bad));
            assert!(error(broken.path()).contains(told), "{}", error(broken.path()));
        }
        let without = folder(str::to_owned);
        fs::remove_file(without.path().join("my_rule/matches.sql")).unwrap();
        assert!(error(without.path()).contains("no matches.sql"));
        let twice = folder(|yaml| yaml.replace("My.Rule", "Kubernetes.BulkSecretAccess"));
        assert!(error(twice.path()).contains("two rules"));
        assert!(error(&twice.path().join("my_rule/runbook")).contains("holds no rule"));
        assert!(error(&twice.path().join("nowhere")).contains("cannot read"));
    }
}
