//! Runs the Tests of a rule through the real decoder, normalizer, writer and SQL.

mod records;
mod sequence;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::hunt::Hunt;
use super::rules::{Rule, RuleTest};
use super::{DetectError, HuntParameters, SecretKey};
use crate::cancel::Cancel;
use crate::engine::{Engine, EngineOptions};
use crate::sql;

/// What one test came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    pub name: String,
    /// What differs from what the test expects; None when it passed.
    pub failure: Option<String>,
    /// How long it took.
    pub time: Duration,
}

/// Runs all tests of a rule, in their order. Each has a lake of its own in a temporary folder.
///
/// # Errors
/// When a test cannot be run at all; a test that fails is an outcome.
pub fn run(rule: &Rule, temp: &Path, cancel: &Cancel) -> Result<Vec<TestOutcome>, DetectError> {
    rule.tests
        .iter()
        .map(|test| {
            let started = Instant::now();
            let failure = outcome(rule, test, temp, cancel)?;
            Ok(TestOutcome { name: test.name.clone(), failure, time: started.elapsed() })
        })
        .collect()
}

fn outcome(
    rule: &Rule,
    test: &RuleTest,
    temp: &Path,
    cancel: &Cancel,
) -> Result<Option<String>, DetectError> {
    let bench = Bench { rule, test: &test.name, temp, cancel };
    match (&test.log, &test.sequence) {
        (Some(log), None) => single(&bench, test, log),
        (None, Some(sequence)) => sequence::outcome(&bench, sequence),
        _ => Err(bench.refuse("it needs either a Log or a Sequence")),
    }
}

/// What a test works with.
struct Bench<'a> {
    rule: &'a Rule,
    test: &'a str,
    temp: &'a Path,
    cancel: &'a Cancel,
}

impl Bench<'_> {
    /// Hands an engine over the given records to `work`; the lake is gone afterwards.
    fn with_engine<T>(
        &self,
        logs: &[serde_json::Value],
        work: impl FnOnce(&Engine) -> Result<T, DetectError>,
    ) -> Result<T, DetectError> {
        let folder = tempfile::Builder::new()
            .prefix("rules-test-")
            .tempdir_in(self.temp)
            .map_err(|error| DetectError::Records(error.into()))?;
        let files = records::write(self, logs, folder.path())?;
        let engine = Engine::open(&EngineOptions {
            files: files.into_iter().map(Into::into).collect(),
            memory: 512 << 20,
            threads: 1,
            temp: folder.path().join("spill"),
            temp_limit: None,
        })?;
        work(&engine)
    }

    fn refuse(&self, reason: impl Into<String>) -> DetectError {
        DetectError::Test {
            rule: self.rule.rule_id.clone(),
            test: self.test.to_owned(),
            reason: reason.into(),
        }
    }
}

fn single(
    bench: &Bench<'_>,
    test: &RuleTest,
    log: &serde_json::Value,
) -> Result<Option<String>, DetectError> {
    let expected = test.expected_result.ok_or_else(|| bench.refuse("it has no ExpectedResult"))?;
    let found = bench.with_engine(&[records::complete(log, 0, 0)], |engine| {
        [SecretKey::Qualified, SecretKey::Name]
            .into_iter()
            .map(|mode| Ok((mode.as_str().to_owned(), matched(bench, engine, mode)?)))
            .collect::<Result<BTreeMap<_, _>, DetectError>>()
    })?;
    let matches = found.values().all(|rows| rows.len() == 1);
    if matches != expected {
        return Ok(Some(format!("expected the record {}, but it {}", told(expected), told(matches))));
    }
    for (mode, key) in test.expected_key.iter().flatten() {
        let Some(rows) = found.get(mode) else {
            return Err(bench.refuse(format!("there is no secret key '{mode}'")));
        };
        let counted = rows.first().cloned().flatten();
        if counted != *key {
            return Ok(Some(format!("expected the {mode} key {key:?}, but it is {counted:?}")));
        }
    }
    Ok(None)
}

fn told(matches: bool) -> &'static str {
    if matches { "matches" } else { "does not match" }
}

/// The keys of the rows that match.
fn matched(bench: &Bench<'_>, engine: &Engine, mode: SecretKey) -> Result<Vec<Option<String>>, DetectError> {
    let parameters = HuntParameters { secret_key: mode, ..HuntParameters::of(bench.rule) };
    let hunt = Hunt::new(engine, bench.rule, &parameters, bench.cancel)?;
    let mut rows = Vec::new();
    hunt.each(sql::file("detect/matched.sql"), |cells, row| {
        rows.push(cells.text(row, "secret_key")?);
        Ok(())
    })?;
    Ok(rows)
}

#[cfg(test)]
mod tests;
