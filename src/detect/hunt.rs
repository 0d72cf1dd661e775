//! Runs a rule over an engine: the steps of `sql/detect`, and the alerts that come of them.

use serde_json::json;

use super::alert::{Alert, COUNTS, HuntReport, Severity, Versions};
use super::allow::Silencer;
use super::group::Group;
use super::parameters::{GroupColumn, HuntParameters, WindowMode};
use super::portions;
use super::rules::Rule;
use super::{DetectError, summary};
use crate::cancel::Cancel;
use crate::decode;
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::lake::utc;
use crate::sql;

/// The earliest time a hunt can meet, 1900-01-01: a lead-in before the first record that there can be.
const FIRST: i64 = -2_208_988_800_000_000;
/// No record is from then on.
const LAST: i64 = decode::time::END;

/// The width of the window's partitions: six hours, or the window if it is longer. Wide enough
/// that few reads are counted twice as lead-in, narrow enough that a bucket fits into memory.
const BUCKET: i64 = 6 * 3_600 * 1_000_000;

/// Windows in a dedup period, at most, for reads to be narrowed down: each is a row for each bin that is near a breach.
const MOST_BINS: i64 = 8;

/// What a rule takes from kubernetes.bulk_secret_access that has none of its own.
const COUNTED: &str = "rules/kubernetes.bulk_secret_access/counted.sql";
const DETECT: &str = "rules/kubernetes.bulk_secret_access/detect.sql";
const SWEEP: &str = "rules/kubernetes.bulk_secret_access/sweep.sql";

/// Hunts with one rule over the engine's snapshot.
///
/// # Errors
/// When the parameters cannot be hunted with, the engine fails, or `cancel` is set.
pub fn hunt(
    engine: &Engine,
    rule: &Rule,
    parameters: &HuntParameters,
    cancel: &Cancel,
) -> Result<HuntReport, DetectError> {
    let mut hunt = Hunt::new(engine, rule, parameters, cancel)?;
    let silencer = Silencer::of(parameters)?;
    hunt.read()?;
    if let Some(silencer) = &silencer {
        silencer.read(&mut hunt)?;
    }
    hunt.narrow()?;
    hunt.answer(silencer)
}

/// A hunt under way: what is bound to its statements, and where they run.
pub(super) struct Hunt<'a> {
    pub engine: &'a Engine,
    pub rule: &'a Rule,
    pub parameters: &'a HuntParameters,
    pub cancel: &'a Cancel,
    /// Reads in one portion.
    pub portion: i64,
    /// When the reads are that it counts: from (inclusive) and until (exclusive).
    pub(super) span: (i64, i64),
    pub(super) bound: Vec<(&'static str, Param)>,
}

impl<'a> Hunt<'a> {
    pub fn new(
        engine: &'a Engine,
        rule: &'a Rule,
        parameters: &'a HuntParameters,
        cancel: &'a Cancel,
    ) -> Result<Self, DetectError> {
        check(parameters)?;
        let mut hunt = Self {
            engine,
            rule,
            parameters,
            cancel,
            portion: portions::MOST,
            span: (FIRST, LAST),
            bound: Vec::new(),
        };
        let since = parameters.begin().unwrap_or(FIRST).clamp(FIRST, LAST);
        let until = parameters.end().unwrap_or(LAST).clamp(FIRST, LAST);
        hunt.span = (reads_from(parameters, since), until);
        let text = |text: &str| Param::Text(text.to_owned());
        hunt.bound = vec![
            ("log_types", Param::TextList(rule.log_types.clone())),
            ("by", Param::TextList(parameters.by.iter().map(|column| column.as_str().to_owned()).collect())),
            ("secret_key", text(parameters.secret_key.as_str())),
            ("include_system", Param::Bool(parameters.include_system)),
            ("threshold", Param::Int(parameters.threshold)),
            ("window", Param::Int(parameters.window)),
            ("dedup", Param::Int(parameters.dedup)),
            ("bucket", Param::Int(BUCKET.max(parameters.window))),
            ("since", Param::Timestamp(since)),
            ("from", Param::Timestamp(hunt.span.0)),
            ("until", Param::Timestamp(until)),
            ("users", Param::Null),
            ("slices", Param::Int(COUNTS as i64)),
        ];
        for file in ["matches.sql", "counted.sql"] {
            engine.execute(hunt.file(file)?, &[], cancel)?;
        }
        Ok(hunt)
    }

    /// Counts what was read, and says what came of it; with an allow-list, counts again without what that takes out.
    pub(super) fn answer(mut self, silencer: Option<Silencer<'_>>) -> Result<HuntReport, DetectError> {
        self.detect()?;
        let mut alerts = self.alerts()?;
        let mut summary = summary::read(&self, alerts.len())?;
        if let Some(silencer) = silencer {
            let least = self.parameters.threshold;
            silencer.take_out(&mut self, least)?;
            self.detect()?;
            let silenced = silencer.silenced(&self)?;
            silencer.mark(&mut alerts, &silenced);
            silencer.sum_up(&self, &silenced, &mut summary)?;
        }
        Ok(HuntReport {
            schema: "kubetrawl/hunt/1".to_owned(),
            versions: Versions {
                kubetrawl: env!("CARGO_PKG_VERSION").to_owned(),
                duckdb: self.engine.version()?,
            },
            parameters: json!(self.parameters),
            summary,
            alerts,
        })
    }

    /// Reads what the rule matches and counts it, into the tables reads, groups, keys and counts.
    pub fn count(&self) -> Result<(), DetectError> {
        self.read()?;
        self.detect()
    }

    /// Leaves in the table reads what can have a part in the answer: the counts of the others are never looked at.
    pub(super) fn narrow(&self) -> Result<(), DetectError> {
        let parameters = self.parameters;
        let is_narrowed = parameters.window_mode == WindowMode::Sliding
            && parameters.dedup / parameters.window <= MOST_BINS
            // What another statement counts is not bounded by the secrets of its window.
            && self.file("detect.sql")? == sql::file(DETECT);
        if is_narrowed { self.keep("reads", sql::file("detect/near.sql")) } else { Ok(()) }
    }

    /// Counts what was read, into the table counts.
    pub fn detect(&self) -> Result<(), DetectError> {
        let select = match self.parameters.window_mode {
            WindowMode::Sliding => self.file("detect.sql")?,
            WindowMode::Anchored => sql::file("detect/anchored.sql"),
            WindowMode::Tumbling => sql::file("detect/tumbling.sql"),
        };
        self.keep("counts", select)
    }

    /// Counts what was read by a method independent of [`Self::detect`]'s, into the same table.
    pub fn recompute(&self) -> Result<(), DetectError> {
        let select = match self.parameters.window_mode {
            WindowMode::Sliding => self.file("sweep.sql")?,
            WindowMode::Anchored => sql::file("verify/anchored.sql"),
            WindowMode::Tumbling => sql::file("verify/tumbling.sql"),
        };
        self.keep("counts", select)
    }

    /// The alerts that the counts give, with their evidence.
    pub fn alerts(&self) -> Result<Vec<Alert>, DetectError> {
        self.keep("spans", sql::file("detect/spans.sql"))?;
        let mut alerts = Vec::new();
        self.each(sql::file("detect/alerts.sql"), |cells, row| {
            alerts.push(self.alert(cells, row)?);
            Ok(())
        })?;
        Ok(alerts)
    }

    fn alert(&self, cells: &Cells<'_>, row: usize) -> Result<Alert, EngineError> {
        let group = Group::read(cells, row, &self.parameters.by)?;
        let time = |name| Ok::<_, EngineError>(utc::text(cells.time(row, name)?.unwrap_or_default()));
        let int = |name| Ok::<_, EngineError>(cells.int(row, name)?.unwrap_or_default());
        let texts = |name| cells.texts(row, name);
        let crossed_at = time("crossed_at")?;
        let succeeded = int("succeeded")?;
        let (tactic, technique) = self.rule.attack();
        let usernames = texts("usernames")?;
        let is_one_of_many = cells.bool(row, "unknown_user")? == Some(true) && !usernames.is_empty();
        let mut others = group.others();
        let username = match group.value(GroupColumn::Username) {
            Some(username) => username.map(str::to_owned),
            None => {
                let unknown = is_one_of_many.then_some(None);
                let listed: Vec<Option<&String>> = usernames.iter().map(Some).chain(unknown).collect();
                others.insert("usernames".to_owned(), json!(listed));
                if let [Some(username)] = listed[..] { Some(username.clone()) } else { None }
            }
        };
        Ok(Alert {
            rule_id: self.rule.rule_id.clone(),
            alert_id: group.alert_id(&self.rule.rule_id, &crossed_at),
            title: self.rule.title(&group.name()),
            severity: if succeeded > 0 { Severity::High } else { Severity::Medium },
            username,
            group: (!others.is_empty()).then_some(others),
            crossed_at,
            first_seen: time("first_seen")?,
            last_seen: time("last_seen")?,
            continuing: cells.bool(row, "continuing")?.unwrap_or_default(),
            peak_distinct: int("peak_distinct")?,
            distinct_secrets: int("distinct_secrets")?,
            counts: cells.ints(row, "counts")?,
            requests: int("requests")?,
            succeeded,
            denied: int("denied")?,
            failed: int("failed")?,
            unknown: int("unknown")?,
            verbs: texts("verbs")?,
            namespaces: texts("namespaces")?,
            secrets: texts("secrets")?,
            clusters: texts("clusters")?,
            log_types: texts("log_types")?,
            source_ips: texts("source_ips")?,
            user_agents: texts("user_agents")?,
            request_uris: texts("request_uris")?,
            response_codes: cells.ints(row, "response_codes")?,
            resource: cells.text(row, "resource")?.unwrap_or_default(),
            cluster_wide_lists: int("cluster_wide_lists")?,
            cluster_wide_lists_succeeded: int("cluster_wide_lists_succeeded")?,
            namespace_lists: int("namespace_lists")?,
            namespace_lists_succeeded: int("namespace_lists_succeeded")?,
            tactic: tactic.to_owned(),
            technique: technique.to_owned(),
            silenced_by: Vec::new(),
        })
    }

    /// Runs a statement with the hunt's parameters, row by row.
    pub fn each(
        &self,
        sql: &str,
        mut read: impl FnMut(&Cells<'_>, usize) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.engine.query(sql, &self.bound, self.cancel, |batch| {
            let cells = Cells::new(batch);
            (0..cells.rows()).try_for_each(|row| read(&cells, row))
        })
    }

    /// Sees to the table days, for a lake whose commits have not told it.
    pub fn know_days(&self) -> Result<(), DetectError> {
        Ok(self.engine.keep_once("days", sql::file("detect/days.sql"), &[], self.cancel)?)
    }

    pub fn keep(&self, table: &'static str, select: &str) -> Result<(), DetectError> {
        Ok(self.engine.keep(table, select, &self.bound, self.cancel)?)
    }

    /// Adds rows to a table that [`Self::keep`] made.
    pub fn add(&self, table: &'static str, select: &str) -> Result<(), DetectError> {
        Ok(self.engine.add(table, select, &self.bound, self.cancel)?)
    }

    pub fn bind(&mut self, name: &'static str, value: Param) {
        self.bound.retain(|(bound, _)| *bound != name);
        self.bound.push((name, value));
    }

    fn file(&self, file: &'static str) -> Result<&'a str, DetectError> {
        let shared = match file {
            "counted.sql" => Some(COUNTED),
            "detect.sql" => Some(DETECT),
            // A rule that counts in its own way is checked in its own way, or not at all.
            "sweep.sql" => self.rule.file("detect.sql").is_none().then_some(SWEEP),
            _ => None,
        };
        let missing = || DetectError::NoSql { rule: self.rule.rule_id.clone(), file };
        self.rule.file(file).or(shared.map(sql::file)).ok_or_else(missing)
    }
}

/// The first read that can have a part in an alert: a breach one dedup period before `since` says
/// that an alert continues, and counts the reads of one window before it. Where an anchored window
/// opens depends on every read before it.
fn reads_from(parameters: &HuntParameters, since: i64) -> i64 {
    let lead = parameters.window.saturating_add(parameters.dedup);
    match parameters.window_mode {
        WindowMode::Sliding | WindowMode::Tumbling => since.saturating_sub(lead).max(FIRST),
        WindowMode::Anchored => FIRST,
    }
}

fn check(parameters: &HuntParameters) -> Result<(), DetectError> {
    if parameters.by.is_empty() {
        return Err(DetectError::NoGroup);
    }
    let least = [
        ("the threshold", parameters.threshold, 1, "1"),
        ("the window", parameters.window, 1, "one microsecond"),
        ("the dedup period", parameters.dedup, 0, "0"),
    ];
    match least.into_iter().find(|(_, value, least, _)| value < least) {
        Some((what, _, _, least)) => Err(DetectError::TooSmall { what, least }),
        None => Ok(()),
    }
}
