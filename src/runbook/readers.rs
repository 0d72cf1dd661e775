//! The connections that a runbook's sections run on.
//!
//! To plan a section takes longer than to run it, and DuckDB plans on one thread: two sections at a time took 250 ms in
//! place of 390. It is done where what they read is kept and little; else each has all of the memory.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;

use super::share::{self, Kept};
use super::{PlannedSection, PlannedStep, Runbook, RunbookError};
use crate::cancel::Cancel;
use crate::engine::Engine;

/// An engine, and another connection of its session while what runbooks read is kept and little.
pub struct Readers<'a> {
    engine: &'a Engine,
    beside: Option<Engine>,
}

impl<'a> Readers<'a> {
    /// Sections are run one after the other, over the lake.
    pub fn new(engine: &'a Engine) -> Self {
        Self { engine, beside: None }
    }

    /// Keeps what a runbook reads of these users, none being records without a username, in place of what was
    /// kept before. Their past hours begin at the first time of `span` or later, and nothing is looked at after the
    /// second. Nothing else must be asked of this engine's `requests` afterwards.
    ///
    /// # Errors
    /// When the engine fails, or `cancel` is set.
    pub fn share(
        &mut self,
        runbook: &Runbook,
        users: &BTreeSet<Option<String>>,
        span: (Timestamp, Timestamp),
        cancel: &Cancel,
    ) -> Result<(), RunbookError> {
        self.beside = None;
        let kept = share::keep(self.engine, runbook, users, span, cancel)?;
        if kept == Kept::Few && !self.engine.is_single() {
            let beside = self.engine.beside()?;
            share::read_kept(&beside, cancel)?;
            self.beside = Some(beside);
        }
        Ok(())
    }

    /// The connection that is there in any case.
    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    /// What is answered for each section of each step, in their order. Once a section failed, no other is begun.
    ///
    /// # Errors
    /// The first that `ask` returned, in the order of the sections.
    pub fn ask<T: Send, E: Send>(
        &mut self,
        steps: &[PlannedStep],
        ask: impl Fn(&Engine, &PlannedSection) -> Result<T, E> + Sync,
    ) -> Result<Vec<Vec<T>>, E> {
        let sections: Vec<&PlannedSection> = steps.iter().flat_map(|step| &step.sections).collect();
        let next = AtomicUsize::new(0);
        let work = |engine: &Engine| {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(section) = sections.get(number) else { return answers };
                let answer = ask(engine, section);
                if answer.is_err() {
                    next.store(sections.len(), Ordering::Relaxed);
                }
                answers.push((number, answer));
            }
        };
        let work = &work;
        let mut answers = match &mut self.beside {
            None => work(self.engine),
            Some(beside) => thread::scope(|scope| {
                let others = scope.spawn(move || work(beside));
                let mut answers = work(self.engine);
                answers.extend(others.join().unwrap_or_else(|panic| resume_unwind(panic)));
                answers
            }),
        };
        // Where one is missing, one before it failed: they are begun in their order.
        answers.sort_by_key(|(number, _)| *number);
        let mut answers = answers.into_iter().map(|(_, answer)| answer);
        steps.iter().map(|step| answers.by_ref().take(step.sections.len()).collect()).collect()
    }
}
