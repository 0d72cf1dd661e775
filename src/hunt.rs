//! A hunt over a lake, from its files to the answer kept in it.
//!
//! [`run`] takes the lake's snapshot once, opens an engine over exactly those files, lets the rule
//! run, and stores what it found.

use jiff::Timestamp;

use crate::cancel::Cancel;
use crate::detect::rules::Rule;
use crate::detect::tune::Tuning;
use crate::detect::verify::Verification;
use crate::detect::{
    self, AllowError, AllowList, DetectError, GroupColumn, HuntParameters, HuntReport, SecretKey, Since,
    WindowMode,
};
use crate::lake::coverage::Dates;
use crate::lake::{Lake, LakeCoverage, LakeError, Snapshot, StoredHunt, utc};
use crate::query::session::{LakeSession, Limits, SessionError};

/// What to hunt for, and with what. Spans and times are microseconds; what is none is the rule's.
#[derive(Debug, Clone)]
pub struct HuntOptions {
    pub rule: Rule,
    pub since: Option<Since>,
    pub until: Option<Since>,
    pub threshold: Option<i64>,
    pub window: Option<i64>,
    pub dedup: Option<i64>,
    pub by: Vec<GroupColumn>,
    pub secret_key: SecretKey,
    pub window_mode: WindowMode,
    pub include_system: bool,
    /// The entries to hunt with, and the day their expiry is judged on.
    pub allow: AllowList,
    /// Whether the lake's own allow-list comes before them.
    pub lake_allow: bool,
    /// Bytes for the whole process.
    pub memory: u64,
    pub threads: usize,
}

/// A hunt that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    #[error(transparent)]
    Allow(#[from] AllowError),
    #[error("could not read the lake")]
    Lake(#[source] LakeError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Detect(#[from] DetectError),
    #[error("could not store the hunt in the lake")]
    Store(#[source] LakeError),
}

/// Hunts over a lake as of its last commit, and stores the answer in it.
///
/// # Errors
/// When the lake cannot be read, the engine fails, or `cancel` is set. A
/// lake that cannot be written is no error: the answer is then not stored.
pub fn run(
    lake: &Lake,
    options: &HuntOptions,
    cancel: &Cancel,
) -> Result<(HuntReport, StoredHunt), HuntError> {
    let over = Prepared::new(lake, options)?;
    let mut report = detect::hunt(&over.session.engine, &over.rule, &over.parameters, cancel)?;
    let dates = dates(&over.snapshot, options.since, options.until);
    let covered = LakeCoverage::read(&over.snapshot, &dates, cancel).map_err(HuntError::Lake)?;
    report.summary.coverage = Some(detect::coverage::of_rule(&over.rule, &covered));
    let stored = lake.store_hunt(&report, Timestamp::now()).map_err(HuntError::Store)?;
    Ok((report, stored))
}

/// Hunts over a lake by two methods and compares them; stores nothing.
///
/// # Errors
/// As [`run`].
pub fn verify(lake: &Lake, options: &HuntOptions, cancel: &Cancel) -> Result<Verification, HuntError> {
    let over = Prepared::new(lake, options)?;
    Ok(detect::verify::verify(&over.session.engine, &over.rule, &over.parameters, cancel)?)
}

/// What other thresholds would give over a lake; stores nothing.
///
/// # Errors
/// As [`run`].
pub fn tune(lake: &Lake, options: &HuntOptions, cancel: &Cancel) -> Result<Tuning, HuntError> {
    let over = Prepared::new(lake, options)?;
    Ok(detect::tune::tune(&over.session.engine, &over.rule, &over.parameters, cancel)?)
}

/// What a hunt over a lake needs: its rule, its parameters, and an engine.
struct Prepared {
    rule: Rule,
    parameters: HuntParameters,
    snapshot: Snapshot,
    session: LakeSession,
}

impl Prepared {
    fn new(lake: &Lake, options: &HuntOptions) -> Result<Self, HuntError> {
        let rule = options.rule.clone();
        let allow = allow_list(lake, options)?;
        let snapshot = lake.snapshot().map_err(HuntError::Lake)?;
        let limits = Limits { memory: options.memory, threads: options.threads, temporary: None };
        let session = LakeSession::to_hunt(&snapshot, limits)?;
        let parameters = HuntParameters { allow, ..parameters(&rule, options, newest(&snapshot)) };
        Ok(Self { rule, parameters, snapshot, session })
    }
}

/// The days that breaches from `since` on and before `until` can lie on.
pub fn dates(snapshot: &Snapshot, since: Option<Since>, until: Option<Since>) -> Dates {
    let newest = newest(snapshot);
    let date = |time: i64| utc::date(time.div_euclid(utc::DAY));
    Dates {
        first: since.and_then(|since| since.time(newest)).map(date),
        last: until.and_then(|until| until.time(newest)).map(|until| date(until.saturating_sub(1))),
    }
}

/// The lake's own entries, then those that were given.
fn allow_list(lake: &Lake, options: &HuntOptions) -> Result<AllowList, AllowError> {
    let mut allow = options.allow.clone();
    if let Some((path, name)) = lake.allow_list().filter(|_| options.lake_allow) {
        allow.entries.splice(0..0, detect::allow::read(&path, name)?);
    }
    Ok(allow)
}

fn newest(snapshot: &Snapshot) -> Option<i64> {
    snapshot.files.iter().map(|file| file.record.last_time).max()
}

fn parameters(rule: &Rule, options: &HuntOptions, newest: Option<i64>) -> HuntParameters {
    let rules_own = HuntParameters::of(rule);
    HuntParameters {
        since: options.since,
        until: options.until,
        newest: newest.filter(|_| [options.since, options.until].iter().any(is_span)),
        threshold: options.threshold.unwrap_or(rules_own.threshold),
        window: options.window.unwrap_or(rules_own.window),
        dedup: options.dedup.unwrap_or(rules_own.dedup),
        by: options.by.clone(),
        secret_key: options.secret_key,
        include_system: options.include_system,
        window_mode: options.window_mode,
        ..rules_own
    }
}

fn is_span(bound: &Option<Since>) -> bool {
    matches!(bound, Some(Since::BeforeNewest(_)))
}
