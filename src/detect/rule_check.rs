//! Whether the SQL of a user's rule can be run at all, before anything is.
//!
//! It is the user's own, and yet passes the gate of outside SQL: one statement, which only reads. Then
//! it is run over a lake without records, where a name that is not there shows.

use std::path::Path;
use std::time::Duration;

use super::catalog::RuleError;
use super::hunt::Hunt;
use super::rules::Rule;
use super::{DetectError, HuntParameters, WindowMode};
use crate::cancel::{Cancel, Stopped};
use crate::engine::{Engine, EngineError, EngineOptions, FLOOR, RESERVED};
use crate::query::gate::Origin;
use crate::query::tokens::{is_comment, tokens};
use crate::query::{Gate, GateError, QueryError};
use crate::runbook::{Counting, Reach, Readers, Runbook, RunbookError, Subject};

/// What a section of a runbook may take over no record.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Looks at every file of a rule.
///
/// # Errors
/// [`RuleError::Sql`] for the first file that cannot be run, and [`RuleError::Engine`] when nothing can.
pub fn check(rule: &Rule, cancel: &Cancel) -> Result<(), RuleError> {
    let gate = Gate::open().map_err(|error| RuleError::Engine(error.into()))?;
    let spill = tempfile::tempdir().map_err(|error| RuleError::Engine(error.into()))?;
    let options = EngineOptions {
        files: Vec::new(),
        memory: RESERVED + FLOOR,
        threads: 1,
        temp: spill.path().join("spill"),
        temp_limit: Some(0),
    };
    let engine = Engine::open(&options).map_err(|error| RuleError::Engine(error.into()))?;
    let checked = Checked { rule, gate, engine, cancel };
    checked.macros()?;
    checked.counts()?;
    checked.runbook()
}

struct Checked<'a> {
    rule: &'a Rule,
    gate: Gate,
    engine: Engine,
    cancel: &'a Cancel,
}

impl Checked<'_> {
    /// matches.sql is one table macro of that name, whose query passes the gate; counted.sql too, where the rule has its
    /// own.
    fn macros(&self) -> Result<(), RuleError> {
        self.pass_macro("matches")?;
        if self.rule.file("counted.sql").is_some() {
            self.pass_macro("counted")?;
        }
        let parameters = HuntParameters::of(self.rule);
        let hunt = Hunt::new(&self.engine, self.rule, &parameters, self.cancel)
            .map_err(|error| self.of_detect("matches.sql", error))?;
        hunt.each(crate::sql::file("detect/matching.sql"), |_, _| Ok(()))
            .map_err(|error| self.of_detect("matches.sql", error.into()))?;
        hunt.read().map_err(|error| self.of_detect(self.counting(), error))
    }

    fn pass_macro(&self, name: &str) -> Result<(), RuleError> {
        let file = format!("{name}.sql");
        let text = self.rule.file(&file).unwrap_or_default();
        let Some(body) = body(text, name) else {
            let reason = format!(
                "it must be one statement, CREATE OR REPLACE TEMP MACRO {name}(...) AS TABLE SELECT ..."
            );
            return Err(self.broken(&file, 1, reason));
        };
        self.pass(&file, text, body, Origin::Rule)
    }

    /// The file to look into where matches cannot be counted: what is ours counts what has the columns of our own.
    fn counting(&self) -> &'static str {
        if self.rule.file("counted.sql").is_some() { "counted.sql" } else { "matches.sql" }
    }

    /// detect.sql and sweep.sql, where the rule has its own, count what was read.
    fn counts(&self) -> Result<(), RuleError> {
        let parameters = HuntParameters { window_mode: WindowMode::Sliding, ..HuntParameters::of(self.rule) };
        for file in ["detect.sql", "sweep.sql"] {
            let Some(text) = self.rule.file(file) else { continue };
            self.pass(file, text, text, Origin::Rule)?;
            let hunt = Hunt::new(&self.engine, self.rule, &parameters, self.cancel)
                .map_err(|error| self.of_detect("matches.sql", error))?;
            hunt.read().map_err(|error| self.of_detect(self.counting(), error))?;
            let counted = if file == "detect.sql" { hunt.detect() } else { hunt.recompute() };
            counted.and_then(|()| hunt.alerts()).map_err(|error| self.of_detect(file, error))?;
        }
        Ok(())
    }

    /// Every section of the runbook, for a user who did nothing.
    fn runbook(&self) -> Result<(), RuleError> {
        for (file, text) in self.rule.files.iter().filter(|(name, _)| name.starts_with("runbook/")) {
            self.pass(file, text, crate::sql::statement(text), Origin::Query)?;
        }
        let runbook = Runbook::or_none(self.rule).map_err(|error| self.of_section(error))?;
        let counting = Counting::from(&HuntParameters::of(self.rule));
        let nobody = Subject::of_user(
            &self.rule.rule_id,
            Some("nobody".to_owned()),
            jiff::Timestamp::UNIX_EPOCH,
            counting,
            Reach::default(),
        )
        .map_err(|error| RuleError::Engine(error.into()))?;
        let run =
            crate::runbook::run(&mut Readers::new(&self.engine), &runbook, &nobody, TIMEOUT, self.cancel);
        run.map(|_| ()).map_err(|error| self.of_section(error))
    }

    fn pass(&self, file: &str, text: &str, body: &str, origin: Origin) -> Result<(), RuleError> {
        let error = match self.gate.check_of(body, origin) {
            Ok(()) => return Ok(()),
            Err(QueryError::Gate(error)) => error,
            Err(error) => return Err(RuleError::Engine(error.into())),
        };
        let before = text.len() - body.len();
        let at = match &error {
            GateError::Syntax { position: Some(position), .. } => before + position,
            GateError::Table { name } | GateError::Function { name, .. } => {
                before + body.to_lowercase().find(name.as_str()).unwrap_or_default()
            }
            _ => before,
        };
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        Err(self.broken(file, line, error.to_string()))
    }

    fn of_detect(&self, file: &str, error: DetectError) -> RuleError {
        match error {
            DetectError::Engine(EngineError::Cancelled(Stopped)) => {
                RuleError::Engine(EngineError::Cancelled(Stopped).into())
            }
            error => self.told_by_duckdb(file, &error),
        }
    }

    fn of_section(&self, error: RunbookError) -> RuleError {
        match &error {
            RunbookError::Header { section, source } => {
                let file = format!("runbook/{section}.sql");
                let text = self.rule.file(&file).unwrap_or_default();
                let line = match source {
                    crate::query::ParameterError::Header { line, .. } => {
                        1 + text.lines().position(|known| known.trim() == line).unwrap_or_default()
                    }
                    _ => 1,
                };
                self.broken(&file, line, source.to_string())
            }
            RunbookError::Section { section, source } => {
                self.told_by_duckdb(&format!("runbook/{section}.sql"), source)
            }
            _ => RuleError::Engine(error.into()),
        }
    }

    /// DuckDB names the line as `LINE 3: ...`, and says what is wrong before that.
    fn told_by_duckdb(&self, file: &str, error: &dyn std::error::Error) -> RuleError {
        // The innermost cause is DuckDB's number of the error.
        let causes = std::iter::successors(Some(error), |cause| cause.source());
        let message = causes
            .map(ToString::to_string)
            .filter(|message| !message.starts_with("Error code"))
            .last()
            .unwrap_or_default();
        let line = message
            .rsplit_once("LINE ")
            .and_then(|(_, rest)| rest.split(':').next()?.trim().parse().ok())
            .unwrap_or(1);
        let reason = message.lines().next().unwrap_or_default();
        // What is wrong may be in the SQL of ours that goes on from the file's: then the file lacks something.
        match self.rule.file(file).is_none_or(|text| line <= text.lines().count()) {
            true => self.broken(file, line, reason.to_owned()),
            false => self.broken(file, 1, format!("what is counted from it needs more of it: {reason}")),
        }
    }

    fn broken(&self, file: &str, line: usize, reason: String) -> RuleError {
        let path = Path::new(&self.rule.folder).join(file).display().to_string();
        RuleError::Sql { path, line, reason }
    }
}

/// The query of a table macro of that name; none where the text is anything else.
fn body<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begin = format!("CREATE OR REPLACE TEMP MACRO {}(", name.to_ascii_uppercase());
    let (mut at, mut head) = (0, String::new());
    for token in tokens(text) {
        at += token.len();
        if is_comment(token) {
            continue;
        }
        match token.chars().all(char::is_whitespace) {
            true if head.ends_with(' ') => {}
            true => head.push(' '),
            false => head.push_str(&token.to_ascii_uppercase()),
        }
        if head.ends_with("AS TABLE") {
            let named = head.trim_start().starts_with(&begin) && !head.contains(';');
            return named.then_some(&text[at..]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::detect::Catalog;

    #[test]
    fn only_a_macro_of_the_name_has_a_query() {
        let good = "-- AS TABLE\nCREATE OR REPLACE TEMP MACRO matches(\n a, b\n) AS TABLE\nSELECT 1";
        assert_eq!(body(good, "matches"), Some("\nSELECT 1"));
        for bad in [
            "SELECT 1",
            "CREATE OR REPLACE TEMP MACRO other(a) AS TABLE SELECT 1",
            "DROP VIEW requests; CREATE OR REPLACE TEMP MACRO matches(a) AS TABLE SELECT 1",
            "CREATE TABLE matches AS TABLE x",
            "CREATE OR REPLACE TEMP MACRO matches(a) AS 1",
        ] {
            assert_eq!(body(bad, "matches"), None, "{bad}");
        }
    }

    #[test]
    fn every_rule_of_ours_passes() {
        for rule in Catalog::own().unwrap().rules() {
            check(rule, &Cancel::default()).unwrap();
        }
    }

    /// Our rule with one file changed, and what is said of it.
    fn told(file: &str, from: &str, to: &str) -> String {
        let mut rule = Catalog::own().unwrap().find("kubernetes.bulk_secret_access").unwrap().clone();
        let text = rule.files[file].replacen(from, to, 1);
        assert_ne!(text, rule.files[file], "{from}");
        rule.files.insert(file.to_owned(), Cow::Owned(text));
        check(&rule, &Cancel::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_broken_file_is_refused_with_line_and_reason() {
        let line = |file: &str, of: &str| {
            let catalog = Catalog::own().unwrap();
            let rule = catalog.find("kubernetes.bulk_secret_access").unwrap();
            1 + rule.files[file].lines().position(|line| line.contains(of)).unwrap()
        };
        for (file, from, to, at, reason) in [
            ("matches.sql", "AND verb IN", "AND AND verb IN", "AND verb IN", "syntax error"),
            ("matches.sql", "FROM query_table", "FROM 'x.parquet' -- ", "FROM query_table", "cannot be read"),
            ("matches.sql", "CREATE OR REPLACE", "CREATE", "", "must be one statement"),
            ("matches.sql", "verb, namespace", "verbs, namespace", "", "verbs"),
            ("counted.sql", "FROM matched", "FROM 'x.parquet'", "FROM matched", "cannot be read"),
            ("counted.sql", "MACRO counted", "MACRO matches", "", "must be one statement"),
            ("counted.sql", "AS secret_key", "AS secret_kay", "", "secret_key"),
            ("counted.sql", "SELECT\n  *,", "SELECT\n  *, event_time AS at,", "", "event_time"),
            ("detect.sql", "FROM counted", "FROM uncounted", "FROM counted", "uncounted"),
            ("detect.sql", "FROM counted", "FROM glob('/*')", "FROM counted", "glob"),
            (
                "detect.sql",
                "group_id, event_time, distinct_secrets\nFROM",
                "group_id, even_time, distinct_secrets\nFROM",
                "SELECT DISTINCT",
                "even_time",
            ),
            ("sweep.sql", "WHERE reads > 0", "WHERE readz > 0", "WHERE reads > 0", "readz"),
            ("runbook/1_1_secrets.sql", "-- param", "-- param x\n-- param", "-- param", "header"),
        ] {
            let told = told(file, from, to);
            let at = if at.is_empty() { None } else { Some(line(file, at)) };
            let place = at.map_or(file.to_owned(), |line| format!("{file}, line {line}:"));
            assert!(told.contains(&place) && told.contains(reason), "{file} {from}: {told}");
        }
    }

    #[test]
    fn what_writes_is_refused() {
        let copy = "SELECT DISTINCT";
        let told = told("detect.sql", copy, "WITH x AS (COPY (SELECT 1) TO 'lake.parquet') SELECT DISTINCT");
        assert!(told.contains("detect.sql"), "{told}");
    }
}
