//! The steps of a rule's runbook, read from its SQL files.

use std::path::Path;

use super::{RunbookError, Subject};
use crate::detect::Rule;
use crate::query::QueryFile;
use crate::query::file::fill;
use crate::sql;

/// What each step is called; the number is the one its files' names begin with.
pub const STEPS: &[(u8, &str)] = &[
    (1, "Secret access around the alert"),
    (2, "Is it legitimate?"),
    (3, "Other suspicious activity in the past hours"),
    (4, "What must be rotated"),
];

/// A rule's runbook.
#[derive(Debug, Clone)]
pub struct Runbook {
    pub rule_id: String,
    /// Whether its rule comes with the program: it is known then what its sections look at.
    pub own: bool,
    pub steps: Vec<PlannedStep>,
}

/// A step and its questions.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    pub number: u8,
    pub title: &'static str,
    pub sections: Vec<PlannedSection>,
}

/// One question: a file with its header.
#[derive(Debug, Clone)]
pub struct PlannedSection {
    pub file: QueryFile,
}

impl PlannedSection {
    /// The query with the subject's values written in, as `kubetrawl query` takes it.
    pub fn filled(&self, subject: &Subject) -> String {
        fill(&self.file.sql, &subject.parameters())
    }
}

impl Runbook {
    /// The runbook of a rule.
    ///
    /// # Errors
    /// When it has none, or the header of a section cannot be read.
    pub fn of(rule: &Rule) -> Result<Self, RunbookError> {
        let files: Vec<(&str, &str)> = rule
            .files
            .iter()
            .filter(|(name, _)| name.starts_with("runbook/"))
            .map(|(name, text)| (name.as_str(), sql::statement(text)))
            .collect();
        let mut steps: Vec<PlannedStep> = Vec::new();
        for (number, title) in STEPS {
            let sections = files
                .iter()
                .map(|(path, text)| (stem(path), text))
                .filter(|(name, _)| name.split('_').next() == Some(number.to_string().as_str()))
                .map(|(name, text)| section(name, text))
                .collect::<Result<Vec<_>, _>>()?;
            if !sections.is_empty() {
                steps.push(PlannedStep { number: *number, title, sections });
            }
        }
        let rule_id = rule.rule_id.clone();
        if steps.is_empty() {
            return Err(RunbookError::NoRunbook { rule: rule_id });
        }
        Ok(Self { rule_id, own: rule.own, steps })
    }

    /// The runbook of a rule, which has no step where the rule has none.
    ///
    /// # Errors
    /// When the header of a section cannot be read.
    pub fn or_none(rule: &Rule) -> Result<Self, RunbookError> {
        match Self::of(rule) {
            Err(RunbookError::NoRunbook { rule: rule_id }) => {
                Ok(Self { rule_id, own: rule.own, steps: Vec::new() })
            }
            found => found,
        }
    }

    /// A section by its name.
    pub fn section(&self, name: &str) -> Option<&PlannedSection> {
        let mut sections = self.steps.iter().flat_map(|step| &step.sections);
        sections.find(|section| section.file.name == name)
    }

    /// All steps, or the one with that number.
    pub fn only(mut self, step: Option<u8>) -> Result<Self, RunbookError> {
        if let Some(step) = step {
            let last = self.steps.iter().map(|step| step.number).max().unwrap_or(0);
            self.steps.retain(|planned| planned.number == step);
            if self.steps.is_empty() {
                return Err(RunbookError::NoStep { step, last });
            }
        }
        Ok(self)
    }
}

fn section(name: &str, text: &str) -> Result<PlannedSection, RunbookError> {
    let file = QueryFile::parse(name, text)
        .map_err(|source| RunbookError::Header { section: name.to_owned(), source })?;
    Ok(PlannedSection { file })
}

fn stem(path: &str) -> &str {
    Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or(path)
}
